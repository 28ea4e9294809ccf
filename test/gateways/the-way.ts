import { TokenValue } from '../../src/tokens/token-value.ts';
import { aServer, type TestServer } from '../http/a-server.ts';
import { aSecret } from '../tokens/a-token.ts';
import { type Api, type Edit, type Gateway, type GatewayName, startApi, startGateway } from './a-gateway.ts';

/** The value that `apitoken` knows at the end of every way. */
export const VALUE = TokenValue.generate('apit');
export const GOOD = VALUE.reveal();
export const BEARER = ['Authorization', `Bearer ${GOOD}`];
export const REALM = 'Bearer realm="apitoken"';

export type Way<A = Api> = { readonly gateway: Gateway; readonly api: A; readonly apitoken: TestServer };

/** An API, the gateway before it, and the `apitoken` that it asks, which knows one token. */
export async function theWay(
  name: GatewayName,
  fields: Parameters<typeof aSecret>[1] = {},
  deps: Parameters<typeof aServer>[1] = {},
): Promise<Way> {
  return theWayTo(await startApi(), name, (recipe) => recipe, fields, deps);
}

/** The same to an API of another kind, by a recipe that was made to fit it. */
export async function theWayTo<A extends { readonly port: number }>(
  api: A,
  name: GatewayName,
  edit: Edit,
  fields: Parameters<typeof aSecret>[1] = {},
  deps: Parameters<typeof aServer>[1] = {},
): Promise<Way<A>> {
  const secret = aSecret(VALUE, fields);
  const apitoken = await aServer([secret], { isProxy: (address) => address === '127.0.0.1', ...deps });
  const gateway = await startGateway(name, { apitoken: apitoken.port, api: api.port }, edit);
  return { gateway, api, apitoken };
}

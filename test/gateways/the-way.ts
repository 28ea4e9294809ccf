import { TokenValue } from '../../src/tokens/token-value.ts';
import { aServer, type TestServer } from '../http/a-server.ts';
import { aSecret } from '../tokens/a-token.ts';
import { type Api, type Gateway, type GatewayName, startApi, startGateway } from './a-gateway.ts';

/** The value that `apitoken` knows at the end of every way. */
export const VALUE = TokenValue.generate('apit');
export const GOOD = VALUE.reveal();
export const BEARER = ['Authorization', `Bearer ${GOOD}`];
export const REALM = 'Bearer realm="apitoken"';

export type Way = { readonly gateway: Gateway; readonly api: Api; readonly apitoken: TestServer };

/** An API, the gateway before it, and the `apitoken` that it asks, which knows one token. */
export async function theWay(
  name: GatewayName,
  fields: Parameters<typeof aSecret>[1] = {},
  deps: Parameters<typeof aServer>[1] = {},
): Promise<Way> {
  const secret = aSecret(VALUE, fields);
  const apitoken = await aServer([secret], { isProxy: (address) => address === '127.0.0.1', ...deps });
  const api = await startApi();
  const gateway = await startGateway(name, { apitoken: apitoken.port, api: api.port });
  return { gateway, api, apitoken };
}

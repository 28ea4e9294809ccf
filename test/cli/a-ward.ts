import { join } from 'node:path';
import type { Workspace } from '../../sandbox/workspace/workspace.ts';
import { openWorkspace, type Stage, setStage, settingsFor, temporaryFolder } from '../fixture.ts';
import { createsToken, settled } from '../slack/flows.ts';
import { type Ran, runs } from './a-command.ts';

/** A workspace with a database beside it that an app has worked with, and left. */
export type Ward = { readonly workspace: Workspace; readonly folder: string; readonly database: string };

/** Such a workspace, as `options` say. */
export async function aWard(options?: Parameters<typeof openWorkspace>[0]): Promise<Ward> {
  const stage = await aStage(options);
  await stage.app.stop();
  return { workspace: stage.workspace, folder: stage.folder, database: join(stage.folder, 'apitoken.db') };
}

/** The same while the app still runs. */
export async function aStage(options?: Parameters<typeof openWorkspace>[0]): Promise<Stage> {
  const stage = await setStage({ workspace: await openWorkspace(options) });
  await createsToken(stage.workspace.person('alice'), 'deploy-bot');
  await settled(stage);
  return stage;
}

/** Runs the doctor over it, in `folder`, with all settings of the app. */
export function doctor(
  ward: Pick<Ward, 'workspace' | 'folder'>,
  {
    args = [],
    env = {},
    folder = temporaryFolder(),
  }: { args?: readonly string[]; env?: Record<string, string>; folder?: string } = {},
): Promise<Ran> {
  return runs(['doctor', ...args], { env: settingsFor(ward.workspace, ward.folder, env), folder });
}

import { App, type AppOptions, LogLevel, SocketModeReceiver } from '@slack/bolt';
import type { Workspace } from '../../../sandbox/workspace/workspace.ts';

/** A Bolt app of one socket, connected to the workspace. */
export async function startBolt(workspace: Workspace, listen: (app: App) => void): Promise<App> {
  const options = (): NonNullable<AppOptions['clientOptions']> => ({ slackApiUrl: workspace.apiUrl });
  const receiver = new SocketModeReceiver({
    appToken: workspace.appToken,
    logLevel: LogLevel.ERROR,
    installerOptions: { clientOptions: options() },
    clientPingTimeout: 200,
  });
  const app = new App({
    token: workspace.botToken,
    receiver,
    clientOptions: { ...options(), retryConfig: { retries: 0 } },
    deferInitialization: true,
    convoStore: false,
    logLevel: LogLevel.ERROR,
  });
  await app.init();
  listen(app);
  await app.start();
  await workspace.waitForSockets(1);
  return app;
}

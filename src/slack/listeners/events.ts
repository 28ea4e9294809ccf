import type { App } from '@slack/bolt';
import { z } from 'zod';
import type { PersonId } from '../../tokens/token.ts';
import { BEGINNING } from '../blocks/pages.ts';
import type { ListenerDeps } from '../listener.ts';
import { forgetDirectMessage } from '../reply/direct-message.ts';
import { readDelivery } from '../visit.ts';
import { onWritten } from './written.ts';

const homeOpened = z.object({
  team_id: z.string().nullish(),
  event: z.object({ user: z.string(), tab: z.string().nullish() }),
});

/** What may take away somebody's right to use the app. */
const LOSSES = ['deleted', 'is_bot', 'is_restricted', 'is_ultra_restricted', 'is_stranger'] as const;

const said = z.boolean().nullish();

const userChanged = z.object({
  user: z.object({
    id: z.string(),
    team_id: z.string().nullish(),
    deleted: said,
    is_bot: said,
    is_restricted: said,
    is_ultra_restricted: said,
    is_stranger: said,
  }),
});

/**
 * What happens in the workspace: a Home tab was opened, a person or a group changed, somebody wrote to the app. They may come
 * twice, or hours late.
 */
export function registerEvents(app: App, deps: ListenerDeps): void {
  app.event('app_home_opened', async ({ body }) => {
    const { event, team_id } = readDelivery(homeOpened, body);
    if (event.tab === 'messages') return;
    const actor = await deps.actors.find(event.user, team_id ?? undefined);
    if (actor !== undefined) await deps.homes.draw(actor, BEGINNING);
  });
  app.event('user_change', async ({ event }) => {
    const { id, team_id, ...flags } = readDelivery(userChanged, event).user;
    await deps.actors.forgetPerson(id);
    // Slack still takes messages there, which nobody reads: https://github.com/slackapi/python-slack-sdk/issues/1156
    if (flags.deleted === true) forgetDirectMessage(deps.client, id);
    // What the event says decides nothing: it may be forged or late. Slack is asked.
    const isElsewhere = team_id != null && team_id !== deps.workspace;
    const isSaidGone = isElsewhere || LOSSES.some((loss) => flags[loss] === true);
    await deps.store.suspectOwner(deps.workspace, id as PersonId, { isSaidGone, at: deps.clock() });
  });
  app.event('message', ({ body }) => onWritten(body, deps));
  app.event('subteam_members_changed', async () => deps.actors.forgetGroups());
  app.event('subteam_updated', async () => deps.actors.forgetGroups());
}

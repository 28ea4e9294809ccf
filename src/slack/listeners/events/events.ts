import type { App } from '@slack/bolt';
import { z } from 'zod';
import type { PersonId } from '../../../tokens/token.ts';
import { forgetDirectMessage } from '../../direct-message.ts';
import { BEGINNING } from '../../home.ts';
import type { ListenerDeps } from '../../listener.ts';
import { readDelivery } from '../../read-delivery.ts';

const homeOpened = z.object({
  team_id: z.string().nullish(),
  event: z.object({ user: z.string(), tab: z.string().nullish() }),
});
const userChanged = z.object({ user: z.object({ id: z.string(), deleted: z.boolean().nullish() }) });

/** The workspace's own news: a Home tab was opened, a person or a group changed. They may come twice, or hours late. */
export function registerEvents(app: App, deps: ListenerDeps): void {
  app.event('app_home_opened', async ({ body }) => {
    const { event, team_id } = readDelivery(homeOpened, body);
    if (event.tab === 'messages') return;
    const actor = await deps.actors.find(event.user, team_id ?? undefined);
    if (actor !== undefined) await deps.homes.draw(actor, BEGINNING);
  });
  app.event('user_change', async ({ event }) => {
    const { id, deleted } = readDelivery(userChanged, event).user;
    deps.actors.forgetPerson(id);
    // Slack still takes messages there, which nobody reads: https://github.com/slackapi/python-slack-sdk/issues/1156
    if (deleted === true) forgetDirectMessage(deps.client, id);
    // What the event says decides nothing: it may be forged or late. Slack is asked.
    const news = { isSaidGone: deleted === true, at: deps.clock() };
    await deps.store.suspectOwner(deps.workspace, id as PersonId, news);
  });
  app.event('subteam_members_changed', async () => deps.actors.forgetGroups());
  app.event('subteam_updated', async () => deps.actors.forgetGroups());
}

import type { App } from '@slack/bolt';
import type { PersonId } from '../../../tokens/token.ts';
import { BEGINNING } from '../../home.ts';
import type { ListenerDeps } from '../../listener.ts';

/** The workspace's own news: a Home tab was opened, a person or a group changed. */
export function registerEvents(app: App, deps: ListenerDeps): void {
  app.event('app_home_opened', async ({ event, body }) => {
    if (event.tab !== 'home') return;
    const actor = await deps.actors.find(event.user, body.team_id);
    if (actor !== undefined) await deps.homes.draw(actor, BEGINNING);
  });
  app.event('user_change', async ({ event }) => {
    const { id, deleted } = event.user;
    deps.actors.forgetPerson(id);
    // What the event says decides nothing: it may be forged or late. Slack is asked.
    const news = { isSaidGone: deleted === true, at: deps.clock() };
    await deps.store.suspectOwner(deps.workspace, id as PersonId, news);
  });
  app.event('subteam_members_changed', async () => deps.actors.forgetGroups());
  app.event('subteam_updated', async () => deps.actors.forgetGroups());
}

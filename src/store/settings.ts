import type { WorkspaceId } from '../tokens/token.ts';
import type { Write } from './access.ts';
import { type Db, eq, insertInto } from './drizzle.ts';
import { settings } from './schema.ts';

/** What is set once for the database. */
export type Settings = {
  /** The workspace whose tokens these are: `id` at the first call, the same one ever after. */
  bindWorkspace(id: WorkspaceId): Promise<WorkspaceId>;
};

/** The settings on the write connection `db`. */
export function createSettings(db: Db, write: Write): Settings {
  const insert = insertInto(db, settings).onConflictDoNothing().prepare();
  const find = db
    .select({ value: settings.value })
    .from(settings)
    .where(eq(settings.key, 'workspace'))
    .prepare();

  return {
    bindWorkspace: (id) =>
      write(() => {
        insert.run({ key: 'workspace', value: id });
        const bound = find.get();
        if (bound === undefined) throw new Error('a setting that was just written is not there');
        return bound.value as WorkspaceId;
      }),
  };
}

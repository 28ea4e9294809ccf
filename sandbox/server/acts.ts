import { z } from 'zod';
import type { Act, ActResult } from '../page/protocol.ts';
import type { Aim, Person } from '../workspace/person.ts';

const entry = z.union([z.string(), z.array(z.string())]);
const fields = z.record(z.string(), entry);
const aim = z.object({
  in: z.string(),
  exactly: z.object({ ts: z.string().optional(), blockId: z.string(), actionId: z.string() }),
});
const act = z.discriminatedUnion('act', [
  z.object({ act: z.enum(['reloads', 'opens_home', 'opens_messages', 'closes']) }),
  z.object({ act: z.literal('types'), place: z.string(), text: z.string().min(1).max(12_000) }),
  z.object({ act: z.enum(['fills', 'submits']), fields }),
  z.object({ act: z.enum(['clicks', 'chooses', 'enters']), text: z.string(), aim }),
  z.object({ act: z.literal('selects'), entry, aim }),
  z.object({ act: z.literal('uses'), shortcut: z.string(), ts: z.string() }),
]);
const order = z.object({ as: z.string(), act });

/** What the page asks for, and as whom; undefined when it is not understood. */
export function parseOrder(json: unknown): { as: string; act: Act } | undefined {
  return order.safeParse(json).data;
}

/** Does it as this person. What a client would not let them do is a problem, told and not thrown. */
export async function perform(person: Person, act: Act): Promise<ActResult> {
  try {
    return { late: await doAct(person, act) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** True when the app did not answer a press in time; commands and dialogs show that themselves. */
async function doAct(person: Person, act: Act): Promise<boolean> {
  let isLate = false;
  const heard: Aim['heard'] = ({ acked }) => {
    isLate = !acked;
  };
  switch (act.act) {
    case 'reloads':
      person.reloads();
      break;
    case 'opens_home':
      await person.opensHome();
      break;
    case 'opens_messages':
      await person.opensMessages();
      break;
    case 'closes':
      await person.closes();
      break;
    case 'types':
      await person.types(act.place, act.text);
      break;
    case 'fills':
      await person.fills(act.fields);
      break;
    case 'submits':
      await person.fills(act.fields);
      await person.submits();
      break;
    case 'clicks':
      await person.clicks(act.text, { ...act.aim, heard });
      break;
    case 'chooses':
      await person.choosesFrom({ ...act.aim, heard }, act.text);
      break;
    case 'enters':
      await person.enters('', act.text, { ...act.aim, heard });
      break;
    case 'selects':
      await person.selects('', act.entry, { ...act.aim, heard });
      break;
    case 'uses':
      await person.uses(act.shortcut, act.ts);
      break;
  }
  return isLate;
}

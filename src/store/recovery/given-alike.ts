import { chownSync, statSync } from 'node:fs';

/**
 * Gives a file that root made to the owner of `like`: the command line may be run by root, and the app, which runs as somebody
 * else, must still be able to open what it left. Does nothing for other users, whose files are their own, and nothing where `like`
 * is gone.
 */
export function givenAlike(file: string, like: string): void {
  if (process.getuid?.() !== 0) return;
  const [own, other] = [statSync(file), statSync(like, { throwIfNoEntry: false })];
  if (other === undefined || (own.uid === other.uid && own.gid === other.gid)) return;
  chownSync(file, other.uid, other.gid);
}

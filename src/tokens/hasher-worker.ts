import { compare, hash } from 'bcryptjs';

/** Runs in a worker thread: the bcrypt hash of `secret`, which is 32 characters long (bcrypt cuts at 72 bytes). */
export async function hashSecret(task: { secret: string; cost: number }): Promise<string> {
  return hash(task.secret, task.cost);
}

/** Runs in a worker thread: whether `hash` was made of `secret`. */
export async function matchSecret(task: { secret: string; hash: string }): Promise<boolean> {
  return compare(task.secret, task.hash);
}

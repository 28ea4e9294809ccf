import { hash } from 'bcryptjs';

/** Runs in a worker thread: the bcrypt hash of `secret`, which is 32 characters long (bcrypt cuts at 72 bytes). */
export async function hashSecret(task: { secret: string; cost: number }): Promise<string> {
  return hash(task.secret, task.cost);
}

/** The app cannot work as it is set up. The message says what is wrong and what to do, and holds no value of a setting. */
export class SetupError extends Error {
  override name = 'SetupError';
}

/** How long a test waits for what is bound to come: a machine may be busy with much else. Nothing waits so long for what came. */
export const PATIENT = { timeout: 30_000, interval: 10 };

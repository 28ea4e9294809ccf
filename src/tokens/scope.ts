/** The built-in scope: its holder may ask `/introspect` about any token. Granted by admins, never set in SCOPES. */
export const INTROSPECT_SCOPE = 'introspect';

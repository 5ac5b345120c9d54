/** Name of a registration that was given none. */
export const DEFAULT_REGISTRATION = 'default';

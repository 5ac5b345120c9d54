import { describe, expect, it } from 'vitest';

import { failureText } from '../../src/broker/failure-text.js';

describe('What a client rejected with', () => {
  it.each([
    ['connection refused', 'Check host and port of the client'],
    ['CONNECTION_REFUSED', 'Check host and port of the client'],
    ['Authorization Violation', 'check user and password of the client'],
    ['AUTHORIZATION_VIOLATION', 'check user and password of the client'],
  ])('says what to look at: %s, as one of the NATS packages words it', (message, fix) => {
    expect(failureText(new Error(message))).toContain(fix);
  });
});

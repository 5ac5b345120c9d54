import { CloudError } from './cloud.error.js';

/** An API key of the account. */
export interface TencentCredentials {
  readonly secretId: string;
  readonly secretKey: string;
  /** Of temporary credentials. */
  readonly token?: string;
}

/**
 * The API key in `TENCENTCLOUD_SECRET_ID`, `TENCENTCLOUD_SECRET_KEY` and `TENCENTCLOUD_TOKEN`, as the
 * vendor's tools read it.
 *
 * @throws CloudError when it is not there
 */
export function credentialsFromEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
): TencentCredentials {
  const [secretId, secretKey] = ['TENCENTCLOUD_SECRET_ID', 'TENCENTCLOUD_SECRET_KEY'].map(
    (name) => {
      const value = env[name]?.trim();
      if (value) return value;
      throw new CloudError(
        'invalid',
        `${name} is not set: it and its companion hold the API key of the account (console: Access Management, API Keys).`,
      );
    },
  );
  const token = env['TENCENTCLOUD_TOKEN']?.trim();
  return checkCredentials({ secretId, secretKey, ...(token && { token }) });
}

/**
 * The SDK would send "null" for what is missing.
 *
 * @throws CloudError
 */
export function checkCredentials(
  given: Partial<TencentCredentials> | undefined,
): TencentCredentials {
  for (const name of ['secretId', 'secretKey'] as const) {
    const value: unknown = given?.[name];
    if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) {
      throw new CloudError(
        'invalid',
        `credentials.${name} must be a non-empty string without white space.`,
      );
    }
  }
  return given as TencentCredentials;
}

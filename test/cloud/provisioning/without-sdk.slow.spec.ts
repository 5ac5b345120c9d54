/** A process that has not installed the SDK of the cloud, which is optional. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expect, it } from 'vitest';

const run = promisify(execFile);

it('a call to the cloud without the SDK is refused with the command that installs it', async () => {
  const hide = `
      import { Module } from 'node:module';
      const resolve = Module._resolveFilename;
      Module._resolveFilename = function (name, ...rest) {
        return resolve.call(this, name.replace('tencentcloud-sdk', 'not-there'), ...rest);
      };`;
  const dataUrl = `data:text/javascript,${encodeURIComponent(hide)}`;
  const script = `
      import { TencentCloudApi } from './src/cloud/api/tencent-cloud.api.ts';
      const credentials = { secretId: 'id', secretKey: 'key' };
      const error = await new TencentCloudApi({ credentials }).call('X', {}).catch((it) => it);
      process.stdout.write(error.reason + ' ' + error.message);`;
  const { stdout } = await run(process.execPath, [
    '--import',
    'tsx',
    '--import',
    dataUrl,
    '--input-type=module',
    '-e',
    script,
  ]);
  expect(stdout).toBe(
    'package-missing The cloud API needs the package tencentcloud-sdk-nodejs-common: npm install tencentcloud-sdk-nodejs-common',
  );
});

import { createHash, timingSafeEqual } from 'node:crypto';

import {
  Injectable,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';

import { readSettings } from '../child.js';

const { key } = readSettings();

/** `sign = MD5(key + t)`, and `t` not over. */
@Injectable()
export class SignatureGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { body } = context.switchToHttp().getRequest<{ body: { t?: number; sign?: string } }>();
    const expected = createHash('md5').update(`${key}${body.t}`).digest();
    const given = Buffer.from(String(body.sign), 'hex');
    const isAuthentic = given.length === expected.length && timingSafeEqual(given, expected);
    if (isAuthentic && Number(body.t) > Date.now() / 1000) return true;
    throw new UnauthorizedException();
  }
}

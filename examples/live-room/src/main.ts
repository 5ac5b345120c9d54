import { NestFactory } from '@nestjs/core';

import { AppModule } from './app.module.js';
import { settingsFrom } from './settings.js';

async function bootstrap() {
  const app = await NestFactory.create(AppModule.register(settingsFrom(process.env)));
  app.enableShutdownHooks();
  await app.listen(process.env.PORT ?? 3000);
}
void bootstrap();

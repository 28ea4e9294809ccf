import { startApp } from './app.ts';
import { parseConfig } from './config.ts';
import { runProcess } from './process.ts';

await runProcess(parseConfig, startApp);

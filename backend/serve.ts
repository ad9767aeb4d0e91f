/** The service and nothing else: what runs in production. */
import { runService } from './main.ts';

await runService(process.env);

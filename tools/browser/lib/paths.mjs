// Where things are, beside this folder.
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The folder of the browser tests. */
export const here = fileURLToPath(new URL('../', import.meta.url));

/** Where screenshots go. */
export const artifacts = process.env.BROWSER_ARTIFACTS || `${here}artifacts`;

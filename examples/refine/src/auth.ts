import { createAuthProvider, createFetch, loadConfig } from '@authd/client';
import { observed } from './observe';
import { settings } from './settings';

const options = { baseUrl: settings.authURL, transport: settings.transport };

export const authProvider = observed(createAuthProvider(options));

/** fetch with the access token; a 401 is answered by one refresh and one repeat. */
export const authFetch = createFetch(options);

/** What the server offers: for the buttons of other sign-ins. */
export const config = () => loadConfig(options);

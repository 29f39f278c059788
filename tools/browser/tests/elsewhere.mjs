// Stages with a provider at another site: the hosted pages, and the refine
// example.
import { after, before } from 'node:test';
import { freePort, launch, setStage, startDaemon } from '../lib/index.mjs';

/** The strategy for a provider, as YAML; settings are those beside how to reach it. */
export const oidc = ({ facts }, label, settings) =>
  `{type: oidc, label: ${label}, issuer: "${facts.OIDC_ISSUER}", clientID: authd, clientSecret: ${facts.OIDC_CLIENT_SECRET}, ${settings}}`;

/**
 * Puts the hosted pages on stage for the tests of the suite that calls it.
 * startProvider gets the origin of authd, and strategies makes them of the
 * provider, as YAML by name. It returns {provider, daemon, browser}, which are
 * there once the tests run.
 */
export function hostedStage(startProvider, strategies) {
  const stage = {};
  before(async () => {
    const port = await freePort();
    const publicURL = `http://127.0.0.1:${port}`;
    stage.provider = await startProvider(publicURL);
    const all = strategies(stage.provider);
    const lines = Object.entries(all).map(([name, text]) => `  ${name}: ${text}`);
    stage.daemon = await startDaemon(
      `server: {publicURL: "${publicURL}"}\nstrategies:\n${lines.join('\n')}\nmethods: {login: {use: [${Object.keys(all)}]}, logout: {redirectTo: /login}}\npages: {title: Example}\n`,
      { port },
    );
    stage.browser = await launch();
  });
  after(async () => {
    await stage.browser?.close();
    await stage.daemon?.close();
    await stage.provider?.close();
  });
  return stage;
}

/**
 * The same for the refine example with the options of setStage, which is refine
 * in {provider, refine}. startProvider gets the origin of the page, too.
 */
export function refineStage(options, startProvider, strategies) {
  const stage = {};
  before(async () => {
    stage.refine = await setStage({
      dir: 'examples/refine',
      ...options,
      strategies: async (origin, page) => {
        stage.provider = await startProvider(origin, page);
        return strategies(stage.provider);
      },
    });
  });
  after(async () => {
    await stage.refine?.close();
    await stage.provider?.close();
  });
  return stage;
}

// An OpenID provider on loopback: node-oidc-provider with the clients, accounts and lies that a JSON file tells.
//
//     node oidc.mjs NODE_MODULES SETTINGS
//
// Prints one line, "ready PORT", and runs until stdin ends.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { pathToFileURL } from 'node:url';

const wanted = JSON.parse(readFileSync(process.argv[3], 'utf8'));
const packages = pathToFileURL(`${process.argv[2]}/`);
const { default: Provider } = await import(new URL('oidc-provider/lib/index.js', packages));

const server = http.createServer();
await new Promise((done) => server.listen(wanted.port, '127.0.0.1', done));
const issuer = `http://127.0.0.1:${server.address().port}`;
const accounts = new Map(Object.entries(wanted.accounts));

const page = (title, body) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<link rel="icon" href="data:,"></head><body><main><h1>${title}</h1>${body}</main></body></html>`;

const provider = new Provider(issuer, {
  clients: wanted.clients,
  jwks: wanted.jwks,
  acrValues: wanted.acr_values,
  claims: {
    openid: ['sub', 'acr', 'amr', 'auth_time', 'sid'],
    profile: ['name', 'preferred_username', 'groups', 'given_name', 'family_name'],
    email: ['email', 'email_verified'],
  },
  conformIdTokenClaims: wanted.conform,
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
  enabledJWA: { clientAuthSigningAlgValues: ['RS256', 'ES256', 'EdDSA'] },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource(ctx, form) {
        ctx.body = page('Sign out at the provider', `${form}
<button type="submit" form="op.logoutForm" name="logout" value="yes">Yes, sign me out</button>`);
      },
      postLogoutSuccessSource(ctx) { ctx.body = page('Signed out at the provider', ''); },
    },
    userinfo: { enabled: wanted.userinfo },
  },
  pkce: { required: () => true },
  cookies: { keys: ['only for tests'] },
  ttl: { AccessToken: 600, AuthorizationCode: 60, IdToken: 600, Interaction: 600, Session: 3600, Grant: 3600 },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  // The default pages ask a host of the internet for their letters; these and those of signing out do not.
  renderError(ctx, out) {
    ctx.type = 'text/plain';
    ctx.body = `${out.error}: ${out.error_description}`;
  },
  // Its own dispatcher does not go to loopback, where the tests listen.
  fetch: (url, { dispatcher, ...options }) => fetch(url, options),
  findAccount: (_, id) => (accounts.has(id)
    ? { accountId: id, claims: () => ({ sub: id, ...accounts.get(id).claims, ...wanted.lies }) }
    : undefined),
  // Nobody is asked for consent: what is asked for is granted.
  async loadExistingGrant(ctx) {
    const grant = new provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope('openid profile email');
    await grant.save();
    return grant;
  },
});

async function formOf(request) {
  let text = '';
  for await (const piece of request) text += piece;
  return new URLSearchParams(text);
}

async function interact(request, response) {
  const details = await provider.interactionDetails(request, response);
  if (request.method === 'GET') {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(page('Sign in at the provider', `<form method="post">
<label>Login <input name="login" autocomplete="username" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<button type="submit">Continue</button> <button type="submit" name="cancel" value="1" formnovalidate>Cancel</button></form>`));
    return;
  }
  const form = await formOf(request);
  const account = accounts.get(form.get('login'));
  if (form.get('cancel')) {
    await provider.interactionFinished(request, response, { error: 'access_denied', error_description: 'cancelled' });
  } else if (!account || account.password !== form.get('password')) {
    response.statusCode = 403;
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(page('Wrong login or password', ''));
  } else {
    const login = { accountId: form.get('login'), acr: account.acr || undefined, amr: account.amr };
    await provider.interactionFinished(request, response, { ...details.lastSubmission, login });
  }
}

provider.on('backchannel.error', (_, error) => console.error(error));
provider.on('server_error', (_, error) => console.error(error));

const callback = provider.callback();
server.on('request', (request, response) => {
  if (!request.url.startsWith('/interaction/')) {
    callback(request, response);
    return;
  }
  interact(request, response).catch((error) => {
    response.statusCode = 500;
    response.end(String(error));
  });
});
console.log(`ready ${server.address().port}`);
process.stdin.on('end', () => process.exit(0)).resume();

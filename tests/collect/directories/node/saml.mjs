// A SAML 2.0 identity provider on loopback: samlp with the accounts that a JSON file tells.
//
//     node saml.mjs NODE_MODULES SETTINGS
//
// Prints one line, "ready PORT", and runs until stdin ends.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';

// samlp still makes buffers in the way of long ago.
process.removeAllListeners('warning');

const wanted = JSON.parse(readFileSync(process.argv[3], 'utf8'));
const samlp = createRequire(`${process.argv[2]}/`)('samlp');
const accounts = new Map(Object.entries(wanted.accounts));

const escaped = (text) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
const page = (title, body) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<link rel="icon" href="data:,"></head><body><main><h1>${title}</h1>${body}</main></body></html>`;

const LOGIN = page('Sign in at the provider', `<form method="post">
<label>Login <input name="login" autocomplete="username" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<button type="submit">Continue</button> <button type="submit" name="cancel" value="1" formnovalidate>Cancel</button></form>`);

function back(response, relayState) {
  const hidden = Object.entries({ SAMLResponse: Buffer.from(response).toString('base64'), RelayState: relayState })
    .filter(([, value]) => value)
    .map(([name, value]) => `<input type="hidden" name="${name}" value="${escaped(value)}">`);
  return page('Going back', `<form method="post" action="${escaped(wanted.acs_url)}">${hidden.join('')}
<button type="submit">Go back</button></form><script>document.forms[0].submit()</script>`);
}

class Mapper {
  constructor(account) { this.account = account; }

  getClaims() { return this.account.claims; }

  getNameIdentifier() {
    return {
      nameIdentifier: `id-${this.account.name}`,
      nameIdentifierFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    };
  }
}

const parsed = (request) => new Promise((resolve, reject) => {
  const options = wanted.request_cert ? { signingCert: wanted.request_cert } : {};
  samlp.parseRequest(request, options, (error, data) => (error ? reject(error) : resolve(data)));
});

const answered = (asked, account) => new Promise((resolve, reject) => {
  const options = {
    issuer: wanted.issuer,
    key: wanted.key,
    cert: wanted.cert,
    audience: asked.issuer,
    recipient: wanted.acs_url,
    destination: wanted.acs_url,
    inResponseTo: asked.id,
    authnContextClassRef: account.acr || undefined,
    signAssertion: wanted.sign !== 'response',
    signResponse: wanted.sign !== 'assertion',
    signatureAlgorithm: wanted.algorithm,
    digestAlgorithm: wanted.algorithm.replace('rsa-', ''),
    lifetimeInSeconds: 300,
    sessionIndex: `_session_${account.name}`,
    profileMapper: (one) => new Mapper(one),
  };
  samlp.getSamlResponse(options, account, (error, response) => (error ? reject(error) : resolve(response)));
});

const refused = (asked) => `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_refused" Version="2.0"
 IssueInstant="${new Date().toISOString()}" Destination="${escaped(wanted.acs_url)}" InResponseTo="${escaped(asked.id)}">
<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"><samlp:StatusCode
 Value="urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"/></samlp:StatusCode></samlp:Status></samlp:Response>`;

async function formOf(request) {
  let text = '';
  for await (const piece of request) text += piece;
  return Object.fromEntries(new URLSearchParams(text));
}

async function serve(request, response) {
  const url = new URL(request.url, 'http://127.0.0.1');
  request.query = Object.fromEntries(url.searchParams);
  request.body = request.method === 'POST' ? await formOf(request) : {};
  if (url.pathname === '/metadata') {
    response.set = (name, value) => response.setHeader(name, value);
    response.send = (body) => response.end(body);
    request.protocol = 'http';
    samlp.metadata({ issuer: wanted.issuer, cert: wanted.cert, redirectEndpointPath: '/sso', postEndpointPath: '/sso' })(request, response);
    return;
  }
  const asked = await parsed(request);
  response.setHeader('content-type', 'text/html; charset=utf-8');
  if (!asked) {
    response.statusCode = 400;
    response.end(page('Nobody has asked', ''));
  } else if (request.method === 'GET') {
    response.end(LOGIN);
  } else if (request.body.cancel) {
    response.end(back(refused(asked), request.query.RelayState));
  } else {
    const account = accounts.get(request.body.login);
    if (!account || account.password !== request.body.password) {
      response.statusCode = 403;
      response.end(page('Wrong login or password', ''));
      return;
    }
    response.end(back(await answered(asked, { ...account, name: request.body.login }), request.query.RelayState));
  }
}

const server = http.createServer((request, response) => {
  serve(request, response).catch((error) => {
    response.statusCode = 500;
    response.end(String(error));
  });
});
await new Promise((done) => server.listen(wanted.port, '127.0.0.1', done));
console.log(`ready ${server.address().port}`);
process.stdin.on('end', () => process.exit(0)).resume();

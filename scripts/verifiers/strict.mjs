// Two libraries that demand every claim of RFC 9068, each with its strictest settings. Runs in a folder of `make interop`,
// where node_modules is.
import { auth } from 'express-oauth2-jwt-bearer';
import { allowInsecureRequests, clockTolerance, validateJwtAccessToken } from 'oauth4webapi';

export function expressOauth2JwtBearer(issuer, jwksUri, algorithm) {
  const middleware = auth({ issuer, jwksUri, audience: 'handstamp', tokenSigningAlg: algorithm, strict: true, clockTolerance: 0 });
  return token => {
    const headers = { authorization: `Bearer ${token}`, host: 'api.example.org' };
    const get = name => headers[name.toLowerCase()];
    const request = { method: 'GET', protocol: 'https', originalUrl: '/', headers, query: {}, get, is: () => false };
    return new Promise(resolve => middleware(request, {}, error => {
      resolve(error ? `refused ${error.code}: ${error.message}` : `accepted ${request.auth.payload.username}`);
    }));
  };
}

export function oauth4webapi(issuer, jwksUri) {
  const server = { issuer, jwks_uri: jwksUri };
  // The JWKS comes from a server on this machine, without TLS.
  const options = { [allowInsecureRequests]: true, [clockTolerance]: 0 };
  return async token => {
    const request = new Request('https://api.example.org/', { headers: { authorization: `Bearer ${token}` } });
    try {
      return `accepted ${(await validateJwtAccessToken(server, request, 'handstamp', options)).username}`;
    } catch (error) {
      return `refused ${error.code}: ${error.message}`;
    }
  };
}

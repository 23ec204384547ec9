'use strict';
// Signs a client assertion with a certificate's key for the Python program: Node includes OpenSSL, Python does not.
//
// stdin: JSON with `algorithm`, `claims`, and `key` and `certificates` as base64 of DER. stdout: JSON with either the
// `assertion`, or what is `wrong` with the key or certificates, or the code with which OpenSSL `failed`. Error messages
// are left out, because a JSON error quotes its input.
// Source: https://learn.microsoft.com/entra/identity-platform/certificate-credentials

const crypto = require('crypto');

const { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING } = crypto.constants;
// https://www.rfc-editor.org/rfc/rfc7518#section-3.3 and #section-3.5; the salt is as long as the hash.
const ALGORITHMS = {
  PS256: { thumbprint: 'x5t#S256', hash: 'sha256', options: { padding: RSA_PKCS1_PSS_PADDING, saltLength: 32 } },
  RS256: { thumbprint: 'x5t', hash: 'sha1', options: { padding: RSA_PKCS1_PADDING } },
};
const FORMS = ['pkcs8', 'pkcs1', 'sec1'];

// An error that the owner of the service connection can fix.
class Wrong extends Error {}

function answer({ algorithm, claims, key, certificates }) {
  const privateKey = privateKeyIn(Buffer.from(key, 'base64'));
  const certificate = certificateOf(privateKey, certificates.map((one) => Buffer.from(one, 'base64')));
  const { thumbprint, hash, options } = ALGORITHMS[algorithm];
  const digest = crypto.createHash(hash).update(certificate.raw).digest('base64url');
  const signed = `${encoded({ alg: algorithm, typ: 'JWT', [thumbprint]: digest })}.${encoded(claims)}`;
  const signature = crypto.sign('sha256', Buffer.from(signed), { key: privateKey, ...options });
  // A key with a damaged byte still signs, so check the signature.
  const good = crypto.verify('sha256', Buffer.from(signed), { key: certificate.publicKey, ...options }, signature);
  if (!good) throw new Wrong('key-damaged');
  return { assertion: `${signed}.${signature.toString('base64url')}` };
}

// Try each format: the label of a PEM block may be wrong, and is not passed on.
function privateKeyIn(der) {
  for (const type of FORMS) {
    try {
      const key = crypto.createPrivateKey({ key: der, format: 'der', type });
      if (key.asymmetricKeyType !== 'rsa') throw new Wrong('key-not-rsa');
      return key;
    } catch (error) {
      if (error instanceof Wrong) throw error;
      if (error.code === 'ERR_MISSING_PASSPHRASE') throw new Wrong('key-encrypted');
    }
  }
  throw new Wrong('key-unreadable');
}

function certificateOf(key, ders) {
  const read = ders.map(certificateIn).filter(Boolean);
  const own = read.find((certificate) => certificate.checkPrivateKey(key));
  if (!own) throw new Wrong(read.length < ders.length ? 'certificate-unreadable' : 'certificate-of-another-key');
  return own;
}

function certificateIn(der) {
  try {
    return new crypto.X509Certificate(der);
  } catch {
    return null;
  }
}

function encoded(fields) {
  return Buffer.from(JSON.stringify(fields)).toString('base64url');
}

function told(request) {
  try {
    return answer(JSON.parse(request));
  } catch (error) {
    return error instanceof Wrong ? { wrong: error.message } : { failed: error.code || error.name };
  }
}

const parts = [];
process.stdin.on('data', (part) => parts.push(part));
process.stdin.on('end', () => process.stdout.write(`${JSON.stringify(told(Buffer.concat(parts)))}\n`));

// HTTP/2 over TLS, as kube-apiservers speak it, in front of servers that speak plain HTTP/1.1:
//   node http2_front.mjs KEY CERTIFICATE URL...   prints a port for each URL, then "ready"
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createSecureServer } from 'node:http2';
import { argv } from 'node:process';

const [key, cert] = argv.slice(2, 4).map((file) => readFileSync(file));
const connectionHeaders = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'http2-settings', 'proxy-connection', 'te']);

function forward(agent, target, stream, headers) {
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':') && !connectionHeaders.has(name)));
  const options = { agent, host: target.hostname, port: target.port, method: headers[':method'], path: headers[':path'], headers: kept };
  const onward = request(options, (answer) => {
    if (stream.destroyed) return answer.destroy();
    const answered = Object.entries(answer.headers).filter(([name]) => !connectionHeaders.has(name));
    stream.respond({ ':status': answer.statusCode, ...Object.fromEntries(answered) });
    answer.pipe(stream);
    answer.on('error', () => stream.close(2));
  });
  onward.on('error', () => stream.close(2));
  stream.on('error', () => {});
  stream.on('close', () => onward.destroy());
  stream.pipe(onward);
}

const ports = await Promise.all(argv.slice(4).map((url) => new Promise((resolve) => {
  const target = new URL(url);
  const agent = new Agent({ keepAlive: true });
  const server = createSecureServer({ key, cert, settings: { maxConcurrentStreams: 250 } });
  server.on('stream', (stream, headers) => forward(agent, target, stream, headers));
  server.on('sessionError', () => {});
  server.listen(0, '127.0.0.1', () => resolve(server.address().port));
})));
console.log(ports.join('\n') + '\nready');

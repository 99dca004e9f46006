/**
 * An allowed request through the HTTP gateway, decided and durably recorded, beside the same request straight to its
 * upstream and through proxies that decide and record nothing.
 *
 * @module
 */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts } from '@countersign/demo'
import { makeFolder, openInstance } from './instance.ts'
import { type Aim, type Bench, ratioOf, type Row, rowOf, type Side, takeTurns } from './measure.ts'
import { answers, findProgram, start, type Started, withCpu } from './processes.ts'
import { digits } from './report.ts'
import { wrk } from './wrk.ts'

export const http: Bench = {
  name: 'http',
  about: 'an allowed request through the HTTP gateway, beside direct, nginx, haproxy and a bare proxy of Node',
  pictures: [{ title: 'Answered requests a second', figure: 'perSecond' }],

  async run(settings) {
    const programs = {
      wrk: findProgram('wrk'),
      nginx: findProgram('nginx', 'nginx-light'),
      haproxy: findProgram('haproxy'),
    }
    const folder = await makeFolder()
    const [port = 0, nginxPort = 0, haproxyPort = 0, proxyPort = 0] = await freePorts(4)
    const upstream = startBare('http', port)
    const instance = await openInstance((httpPort) => gatewayTo(`http://127.0.0.1:${port}`, httpPort))
    const nginx = await startNginx(programs.nginx, folder, nginxPort, port)
    const haproxy = await startHaproxy(programs.haproxy, folder, haproxyPort, port)
    const proxy = startBare('proxy', proxyPort, port)
    await answers(`http://127.0.0.1:${proxyPort}/small`)
    const authorized = { authorization: `Bearer ${instance.key}` }
    const ways = [
      { name: us, url: `${instance.gatewayUrl}/bench`, headers: authorized, pid: instance.pid },
      { name: 'nginx', url: `http://127.0.0.1:${nginxPort}`, headers: {}, pid: nginx.pid },
      { name: 'haproxy', url: `http://127.0.0.1:${haproxyPort}`, headers: {}, pid: haproxy.pid },
      { name: bareProxy, url: `http://127.0.0.1:${proxyPort}`, headers: {}, pid: proxy.pid },
      { name: 'direct', url: `http://127.0.0.1:${port}`, headers: {}, pid: undefined },
    ]
    try {
      settings.say('warming up')
      for (const { url, headers } of ways.filter(({ name }) => name === us || name === bareProxy)) {
        const warm = { url: `${url}/small`, headers, expects: 'pencil' }
        await wrk(warm, { atOnce: 64, forMs: settings.warmMs, folder })
      }
      const rows: Row[] = []
      for (const body of ['small', 'large'] as const) {
        for (const atOnce of settings.quick ? [1, 64] : [1, 16, 64]) {
          const sides = ways.map(({ name, url, headers, pid }): Side => {
            const target = { url: `${url}/${body}`, headers, expects: body === 'small' ? 'pencil' : 'xxxx' }
            return { name, measure: () => withCpu(pid, () => wrk(target, { atOnce, forMs: settings.forMs, folder })) }
          })
          rows.push(...(await takeTurns(`${atOnce} at once, ${body === 'small' ? '70 B' : '100 kB'}`, sides, settings)))
        }
      }
      return { rows: [...rows, ...addedBy(rows)], aims: aimsOf(rows) }
    } finally {
      for (const { close } of [instance, nginx, haproxy, proxy, upstream]) await close()
      await rm(folder, { recursive: true, force: true })
    }
  },
}

const [us, bareProxy] = ['Countersign', 'Node proxy']

function aimsOf(rows: readonly Row[]): Aim[] {
  const what = '64 at once, 70 B'
  const ratio = (side: string) => {
    const [ours, theirs] = [rowOf(rows, what, us), rowOf(rows, what, side)]
    return (ours && theirs && ratioOf(ours, theirs, 'perSecond')) ?? Number.NaN
  }
  const [nginx, node] = [ratio('nginx'), ratio(bareProxy)]
  return [
    { says: `at least 0.14 of nginx, ${what}`, met: nginx >= 0.14, got: `${digits(nginx)}×` },
    { says: `at least 0.2 of a bare proxy of Node, ${what}`, met: node >= 0.2, got: `${digits(node)}×` },
  ]
}

/** What each way adds to the way straight to the upstream, round by round; ours has the record on disk by then. */
function addedBy(rows: readonly Row[]): Row[] {
  const alone = rows.filter(({ what }) => what === '1 at once, 70 B')
  const direct = alone.find(({ side }) => side === 'direct')
  return alone
    .filter((row) => row !== direct)
    .map(({ side, rounds }) => ({
      what: 'added, 1 at once, the record flushed',
      side,
      rounds: rounds.map(({ p50Ms = Number.NaN }, round) => ({
        addedMs: p50Ms - (direct?.rounds[round]?.['p50Ms'] ?? Number.NaN),
      })),
    }))
}

export function startBare(...words: readonly (string | number)[]): Started {
  return start([...bare, ...words.map(String)])
}

export const bare = [
  process.execPath,
  '--import',
  fileURLToPath(import.meta.resolve('tsx')),
  fileURLToPath(new URL('./bare.ts', import.meta.url)),
]

const gatewayTo = (origin: string, httpPort: number) => ({
  http: {
    listen: `127.0.0.1:${httpPort}`,
    upstreams: {
      bench: {
        origin,
        private: true,
        environment: 'prod',
        routes: Object.fromEntries(
          ['small', 'large'].map((name) => [
            `GET /${name}`,
            {
              verb: 'data.read',
              resources: [{ kind: 'dataset', name: 'finance.orders' }],
              effect: 'read',
              sentence: 'Read orders',
              reads: [{ name: 'finance.orders' }],
              writes: [],
            },
          ]),
        ),
      },
    },
  },
})

/** One worker, connections to the upstream kept, no log: as quick as it goes. */
async function startNginx(nginx: string, folder: string, port: number, upstream: number): Promise<Started> {
  const config = join(folder, 'nginx.conf')
  await writeFile(
    config,
    `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;
events { worker_connections 2048; }
http {
  access_log off;
  keepalive_requests 1000000;
  client_body_temp_path ${folder}/nginx-1; proxy_temp_path ${folder}/nginx-2; fastcgi_temp_path ${folder}/nginx-3;
  uwsgi_temp_path ${folder}/nginx-4; scgi_temp_path ${folder}/nginx-5;
  proxy_max_temp_file_size 0; proxy_buffers 16 16k;
  upstream bare { server 127.0.0.1:${upstream}; keepalive 64; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port};
    location = /ready { return 200; }
    location / { proxy_pass http://bare; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}
`,
  )
  const started = start([nginx, '-e', `${folder}/nginx.log`, '-c', config])
  await answers(`http://127.0.0.1:${port}/ready`)
  return started
}

async function startHaproxy(haproxy: string, folder: string, port: number, upstream: number): Promise<Started> {
  const config = join(folder, 'haproxy.cfg')
  await writeFile(
    config,
    `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend front
  bind 127.0.0.1:${port}
  monitor-uri /ready
  default_backend back
backend back
  server bare 127.0.0.1:${upstream}
`,
  )
  const started = start([haproxy, '-f', config])
  await answers(`http://127.0.0.1:${port}/ready`)
  return started
}

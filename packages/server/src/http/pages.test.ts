import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPages } from './pages.ts'

describe('the pages of the console', () => {
  let folder: string
  let pages: ReturnType<typeof createPages>
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-pages-'))
    const built = join(folder, 'dist')
    await mkdir(join(built, 'assets', 'folder.js'), { recursive: true })
    await writeFile(join(folder, 'secret.json'), 'secret')
    await writeFile(join(built, 'index.html'), '<main>')
    await writeFile(join(built, 'logo.svg'), '<svg>')
    await writeFile(join(built, 'assets', 'app-1a2b.js'), 'run()')
    await writeFile(join(built, 'assets', 'notes.txt'), 'notes')
    pages = createPages(built)
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const get = (path: string, method = 'GET') => pages(new Request(`http://localhost:4600${path}`, { method }))

  it.each([
    ['/', 200, 'text/html; charset=utf-8', '<main>'],
    ['/index.html', 200, 'text/html; charset=utf-8', '<main>'],
    ['/approvals/apr_1', 200, 'text/html; charset=utf-8', '<main>'],
    ['/agents/bot-1.2', 200, 'text/html; charset=utf-8', '<main>'],
    ['/logo.svg', 200, 'image/svg+xml', '<svg>'],
    ['/assets/app-1a2b.js', 200, 'text/javascript; charset=utf-8', 'run()'],
    ['/assets/app-1a2b.js?x=/../../secret.json', 200, 'text/javascript; charset=utf-8', 'run()'],
    ['/assets/gone.js', 404, null, ''],
    ['/assets/folder.js', 404, null, ''],
    ['/assets/notes.txt', 200, 'text/html; charset=utf-8', '<main>'],
  ])('%s', async (path, status, type, body) => {
    const answer = await get(path)
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([status, type, body])
  })

  it.each([
    '/../secret.json',
    '/assets/../../secret.json',
    '/%2e%2e/secret.json',
    '/..%2fsecret.json',
    '/%2e%2e%2fsecret.json',
    '/..\\secret.json',
    '/assets/..%5c..%5csecret.json',
    '//../secret.json',
    '/%00/../secret.json',
    '/secret.json%00.js',
    '/....//secret.json',
  ])('nothing outside is reached by %s', async (path) => {
    const answer = await get(path)
    expect(await answer.text()).not.toContain('secret')
    expect(answer.status).toBe(404)
  })

  it('what is named by its content is kept for ever, everything else is asked for again', async () => {
    expect((await get('/assets/app-1a2b.js')).headers.get('cache-control')).toContain('immutable')
    expect((await get('/')).headers.get('cache-control')).toBe('no-cache')
    expect((await get('/logo.svg')).headers.get('cache-control')).toBe('no-cache')
  })

  it('answers HEAD without a body, and no other method', async () => {
    const head = await get('/logo.svg', 'HEAD')
    expect([head.status, head.headers.get('content-type'), head.body]).toEqual([200, 'image/svg+xml', null])
    const post = await get('/', 'POST')
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })

  it('says so where nothing is built', async () => {
    expect((await createPages(join(folder, 'none'))(new Request('http://localhost/'))).status).toBe(503)
  })
})

import { expect, it } from 'vitest'
import { openOverStdio } from './way-stdio.ts'

/** Tells what came in each read, and what had come when its input ended. */
const program = `
  let all = ''
  process.stdin.setEncoding('utf8').on('data', (text) => {
    all += text
    console.log(JSON.stringify({ read: text }))
  }).on('end', () => console.error(JSON.stringify({ all })))
  console.log(JSON.stringify({ ready: true }))
`

function open() {
  const heard: unknown[] = []
  const said: unknown[] = []
  const server = { command: [process.execPath, '-e', program], env: {} } as unknown as Parameters<
    typeof openOverStdio
  >[1]
  const way = openOverStdio('files', server, ({ text }) => said.push(text))({
    message: (text) => heard.push(JSON.parse(text)),
    lost: (says) => heard.push(says),
  })
  const send = (message: string) => way.send(message, () => AbortSignal.timeout(1_000))
  return { heard, said, way, send }
}

it('what is sent to a program in one turn is one write, each message a line', async () => {
  const { heard, way, send } = open()
  await expect.poll(() => heard).toEqual([{ ready: true }])
  expect(await Promise.all(['one', 'two', 'three'].map(send))).toEqual(Array(3).fill({ kind: 'sent' }))
  await expect.poll(() => heard.slice(1)).toEqual([{ read: 'one\ntwo\nthree\n' }])
  await send('four')
  await expect.poll(() => heard.slice(2)).toEqual([{ read: 'four\n' }])
  await way.close()
})

it('what was sent last is written before the input of a program ends', async () => {
  const { heard, said, way, send } = open()
  await expect.poll(() => heard).toEqual([{ ready: true }])
  await send('last')
  const closed = way.close()
  expect(await send('too late')).toMatchObject({ kind: 'refused' })
  await closed
  expect(said).toEqual(['{"all":"last\\n"}'])
  expect(heard).toHaveLength(1) // its answers come to nobody
})

import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { unique } from './samples.ts'
import { type OpenStore, stage } from './stage.ts'

export function secrets(open: OpenStore): void {
  describe('secrets', () => {
    const scene = stage(open)

    it('are revealed by their reference alone', async () => {
      const { store } = scene
      for (const value of [unique('hunter'), '', ' padded ', 'ünïcödé\n\u0000 🔑', 'x'.repeat(10_000)]) {
        const reference = await store.secrets.keep(value)
        expect(reference).toMatch(/^secret:[\w-]{16,}$/)
        expect(await store.secrets.reveal(reference)).toBe(value)
      }
    })

    it('have the same reference for the same value, so that the same action has the same digest', async () => {
      const { store } = scene
      const value = unique('hunter')
      const references = await Promise.all([value, value, value].map((each) => store.secrets.keep(each)))
      expect(new Set(references).size).toBe(1)
      expect(await store.secrets.keep(unique('hunter'))).not.toBe(references[0])
    })

    it('cannot be guessed from the reference, which is no plain hash (P12)', async () => {
      const value = '1234'
      const reference = await scene.store.secrets.keep(value)
      for (const hash of ['sha256', 'sha512', 'sha1', 'md5']) {
        for (const encoding of ['hex', 'base64', 'base64url'] as const) {
          const guess = createHash(hash).update(value).digest(encoding).slice(0, 16)
          expect(reference).not.toContain(guess)
        }
      }
      expect(reference).not.toContain(value)
    })

    it.each(['secret:0000000000000000000000000000000000000000000', 'hunter2', ''])(
      'refuse a reference they do not know: "%s"',
      async (reference) => {
        await expect(scene.store.secrets.reveal(reference)).rejects.toMatchObject({ code: 'ERR_SECRET_UNKNOWN' })
      },
    )
  })
}

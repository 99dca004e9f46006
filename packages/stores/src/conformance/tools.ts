import { describe, expect, it } from 'vitest'
import { toolChanged } from './facts.ts'
import { sampleTool, unique } from './samples.ts'
import { expectRefusal, type OpenStore, stage } from './stage.ts'

export function tools(open: OpenStore): void {
  describe('tools', () => {
    const scene = stage(open)

    it('are kept as their newest version says, and found by id and by server', async () => {
      const { store } = scene
      const server = unique('server')
      const [b, a] = [sampleTool({ server, name: 'b' }), sampleTool({ server, name: 'a' })]
      await store.commit({ facts: [toolChanged(b), toolChanged(a), toolChanged(sampleTool())] })
      expect(await store.tools.get(a.id)).toEqual(a)
      const next = { ...a, version: 2, listed: { hash: 'f'.repeat(64), says: { name: 'a', nested: { is: ['kept'] } } } }
      await store.commit({ facts: [toolChanged(next, 'listed')] })
      expect(await store.tools.get(a.id)).toEqual(next)
      expect(await store.tools.list(server)).toEqual([next, b])
      expect((await store.tools.list()).filter((tool) => tool.server === server)).toEqual([next, b])
      expect(await store.tools.get('nobody/nothing')).toBeUndefined()
      expect(await store.tools.list('nobody')).toEqual([])
    })

    it('may have no pin yet', async () => {
      const { pinned: _pinned, ...fresh } = sampleTool()
      await scene.store.commit({ facts: [toolChanged(fresh, 'listed')] })
      expect(await scene.store.tools.get(fresh.id)).toEqual(fresh)
    })

    it.each([0, 1, 3])('refuse version %i after version 1', async (version) => {
      const tool = sampleTool()
      await scene.store.commit({ facts: [toolChanged(tool)] })
      await expectRefusal(scene.store, { facts: [toolChanged({ ...tool, version })] }, 'ERR_STORE_CONFLICT')
    })

    it('seen by two instances at once for the first time are pinned once', async () => {
      const { store } = scene
      const tool = sampleTool()
      const results = await Promise.allSettled([1, 2, 3].map(() => store.commit({ facts: [toolChanged(tool)] })))
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    })
  })
}

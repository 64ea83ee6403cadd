/// <reference types="next" />
/// <reference types="next/image-types/global" />
// next-env.d.ts says the same, but exists only after a build: types are checked on a fresh clone too.

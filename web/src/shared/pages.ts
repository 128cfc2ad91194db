/** How a feature names its pages: an address, where the page comes from when somebody goes there, and its name in that file. */

export type Loaded = Record<string, unknown>;
export type Pages = readonly (readonly [path: string, load: () => Promise<Loaded>, name: string])[];

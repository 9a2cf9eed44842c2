// Writes the demo's pictures: goods, banners, logos.

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { BANNERS, GOODS, LOGOS } from "./scenes.mjs";
import { GROUNDS, compose } from "./stage.mjs";

const OUT = join(dirname(fileURLToPath(import.meta.url)), "../../public/pictures");
const WEBP = { quality: 82, effort: 6, smartSubsample: true };
/** What a file of this width may weigh, in bytes: many of them are on one page. */
const LIMITS = { 128: 6_000, 320: 12_000, 640: 35_000, 600: 30_000, 1200: 70_000 };

async function write(name, picture, width) {
  const bytes = await sharp(picture).resize(width).webp(WEBP).toBuffer();
  if (bytes.length > LIMITS[width]) throw new Error(`${name} weighs ${bytes.length} bytes, more than ${LIMITS[width]}`);
  await writeFile(join(OUT, `${name}.webp`), bytes);
}

/** The goods large in the middle; with something beside them, a little to the left of it. */
function still({ main, beside }) {
  if (!beside) return [{ size: 0.68, x: 0.5, y: 0.495, stands: true, ...main }];
  return [
    { size: 0.68, x: 0.455, y: 0.475, stands: true, ...main },
    { size: 0.3, x: 0.77, y: 0.745, stands: true, ...beside },
  ];
}

await mkdir(OUT, { recursive: true });
for (const [name, scene] of Object.entries(GOODS)) {
  const picture = await compose({ width: 640, height: 640 }, GROUNDS[scene.ground], still(scene));
  await write(`${name}-640`, picture, 640);
  await write(`${name}-320`, picture, 320);
}
for (const [brand, { colours, things, halo }] of Object.entries(BANNERS)) {
  const picture = await compose({ width: 1200, height: 480 }, colours, things, halo);
  await write(`banner-${brand}-1200`, picture, 1200);
  await write(`banner-${brand}-600`, picture, 600);
}
for (const [brand, { colours, things }] of Object.entries(LOGOS)) {
  const picture = await compose({ width: 512, height: 512 }, colours, things);
  await write(`logo-${brand}`, picture, 128);
}

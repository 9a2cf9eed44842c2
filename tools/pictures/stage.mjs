// How every picture looks: one light from the upper left, a soft ground, a soft shadow.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import sharp from "sharp";

const require = createRequire(import.meta.url);
const ASSETS = join(dirname(require.resolve("@lobehub/fluent-emoji-3d/package.json")), "assets");
const CLEAR = { r: 0, g: 0, b: 0, alpha: 0 };

/** Backgrounds by their mood: the lit corner, the far corner, and the tint of the shadow. */
export const GROUNDS = {
  cream: ["#fffaf0", "#f6dfba", "#8a5a1e"],
  caramel: ["#fff3e2", "#efc795", "#7a4412"],
  leaf: ["#f6fbec", "#cfe6b4", "#3f6424"],
  mint: ["#effbf5", "#bfe6d3", "#1f6450"],
  sky: ["#f1f9ff", "#c0defa", "#275a8c"],
  lilac: ["#f9f4ff", "#dccbf6", "#583a8c"],
  rose: ["#fff5f5", "#fbcfd2", "#983a48"],
  peach: ["#fff6ee", "#fdd3b6", "#a04a22"],
  lemon: ["#fffde9", "#fbe795", "#86660c"],
  sand: ["#fcf8f1", "#e6d9c3", "#6a5432"],
};

/** The emoji of this code point without its empty margin, recoloured where `tint` says so. */
async function emoji(code, tint) {
  let image = sharp(await sharp(join(ASSETS, `${code}.webp`)).trim().png().toBuffer());
  if (tint) image = image.modulate(tint);
  return image.png().toBuffer();
}

/** The emoji fitted into a square of `size` pixels and turned clockwise by `turn` degrees. */
async function fitted({ code, tint, turn = 0 }, size) {
  const turned = sharp(await emoji(code, tint)).rotate(turn, { background: CLEAR });
  const trimmed = await sharp(await turned.png().toBuffer()).trim().png().toBuffer();
  return sharp(trimmed)
    .resize(size, size, { fit: "inside", kernel: "lanczos3" })
    .sharpen({ sigma: 0.8 })
    .png()
    .toBuffer({ resolveWithObject: true });
}

/** The silhouette of a picture in one colour, blurred: the shadow it throws. */
async function shadow(picture, { width, height }, colour, blur, strength) {
  const margin = Math.ceil(blur * 3);
  // In steps of their own: within one pipeline sharp takes the channel out last.
  const spread = await sharp(picture)
    .extend({ top: margin, bottom: margin, left: margin, right: margin, background: CLEAR })
    .png()
    .toBuffer();
  const silhouette = await sharp(spread).extractChannel("alpha").png().toBuffer();
  const alpha = await sharp(silhouette).blur(blur).linear(strength, 0).toColourspace("b-w").raw().toBuffer();
  const size = { width: width + 2 * margin, height: height + 2 * margin };
  const data = await sharp({ create: { ...size, channels: 3, background: colour } })
    .joinChannel(alpha, { raw: { ...size, channels: 1 } })
    .png()
    .toBuffer();
  return { data, margin };
}

/** An ellipse of shade where the thing touches the ground. */
function contact(width, height, colour, { x, y, rx }) {
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <defs><radialGradient id="g"><stop offset="0" stop-color="${colour}" stop-opacity=".42"/>
      <stop offset=".55" stop-color="${colour}" stop-opacity=".16"/>
      <stop offset="1" stop-color="${colour}" stop-opacity="0"/></radialGradient></defs>
    <ellipse cx="${x}" cy="${y}" rx="${rx}" ry="${rx * 0.2}" fill="url(#g)"/></svg>`);
}

/** The background: a gradient away from the light and a halo behind the goods. */
function ground(width, height, [near, far], halo = { x: 0.46, y: 0.42 }) {
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <defs>
      <linearGradient id="sheet" x1="0" y1="0" x2="1" y2="1">
        <stop offset="0" stop-color="${near}"/><stop offset="1" stop-color="${far}"/></linearGradient>
      <radialGradient id="halo" gradientUnits="userSpaceOnUse" cx="${width * halo.x}" cy="${height * halo.y}" r="${height * 0.52}">
        <stop offset="0" stop-color="#fff" stop-opacity=".85"/><stop offset="1" stop-color="#fff" stop-opacity="0"/>
      </radialGradient>
    </defs>
    <rect width="100%" height="100%" fill="url(#sheet)"/><rect width="100%" height="100%" fill="url(#halo)"/></svg>`);
}

/** The part of a layer that lies on the canvas: sharp refuses a layer that reaches over its edge. */
async function clipped(input, left, top, canvas) {
  const { width, height } = await sharp(input).metadata();
  const x = Math.max(0, -left);
  const y = Math.max(0, -top);
  const seen = {
    left: x,
    top: y,
    width: Math.min(width - x, canvas.width - left - x),
    height: Math.min(height - y, canvas.height - top - y),
  };
  return { input: await sharp(input).extract(seen).png().toBuffer(), left: left + x, top: top + y };
}

/**
 * Draws `things` onto a background, the first at the back. A thing is
 * `{ code, size, x, y, turn, tint, stands }`: `size` in parts of the canvas's height, `x` and `y`
 * its centre in parts of width and height, `stands` whether it touches the ground.
 */
export async function compose(canvas, colours, things, halo) {
  const [, , shade] = colours;
  const layers = [];
  for (const thing of things) {
    const { data, info } = await fitted(thing, Math.round(thing.size * canvas.height));
    const left = Math.round(thing.x * canvas.width - info.width / 2);
    const top = Math.round(thing.y * canvas.height - info.height / 2);
    if (thing.stands) {
      const foot = { x: left + info.width * 0.54, y: top + info.height * 0.985, rx: info.width * 0.56 };
      layers.push({ input: contact(canvas.width, canvas.height, shade, foot), left: 0, top: 0 });
    }
    // The shadow falls away from the light: to the right and down, further for a larger thing.
    const reach = Math.max(info.width, info.height);
    const cast = await shadow(data, info, shade, Math.max(1, reach * 0.04), 0.4);
    const shift = Math.round(reach * 0.035);
    layers.push(await clipped(cast.data, left - cast.margin + shift, top - cast.margin + shift * 2, canvas));
    layers.push(await clipped(data, left, top, canvas));
  }
  return sharp(ground(canvas.width, canvas.height, colours, halo)).composite(layers).png().toBuffer();
}

// What is on each picture. `tint` turns the colours of an emoji, as a drink is not always brown.

const CUP = "1f9cb";

/** Goods by picture id, as `demo/catalogue.json` names them. */
export const GOODS = {
  // 青禾茶铺
  "bubble-tea": { ground: "cream", main: { code: CUP, turn: 6 } },
  "taro-tea": { ground: "lilac", main: { code: CUP, turn: 6, tint: { hue: 265, saturation: 0.55, brightness: 1.06 } }, beside: { code: "1f360", tint: { hue: 265, saturation: 0.5 } } },
  "brown-sugar-milk": { ground: "caramel", main: { code: CUP, turn: 6, tint: { brightness: 0.86, saturation: 1.05 } }, beside: { code: "1f95b" } },
  "jasmine-milk-tea": { ground: "leaf", main: { code: CUP, turn: 6, tint: { hue: 50, saturation: 0.62, brightness: 1.05 } }, beside: { code: "1f33c" } },
  "oolong-milk-tea": { ground: "sand", main: { code: CUP, turn: 6, tint: { hue: 10, brightness: 0.97 } }, beside: { code: "1f342" } },
  "mango-pomelo": { ground: "lemon", main: { code: "1f96d" }, beside: { code: "1f965" } },
  "grape-fruit-tea": { ground: "lilac", main: { code: "1f347" }, beside: { code: "1f9ca" } },
  "orange-fruit-tea": { ground: "peach", main: { code: "1f379" }, beside: { code: "1f34a" } },
  "lemon-tea": { ground: "lemon", main: { code: "1f34b" }, beside: { code: "1f9ca" } },
  "watermelon-tea": { ground: "rose", main: { code: "1f349" }, beside: { code: "1f9ca" } },
  "strawberry-cheese": { ground: "rose", main: { code: "1f353" }, beside: { code: CUP, size: 0.34, y: 0.73, tint: { hue: 325, saturation: 0.9, brightness: 1.05 } } },
  "peach-oolong": { ground: "peach", main: { code: "1f351" }, beside: { code: "1f343" } },
  "jasmine-tea": { ground: "leaf", main: { code: "1f375" }, beside: { code: "1f33c" } },
  "oolong-tea": { ground: "mint", main: { code: "1fad6", tint: { hue: 150, saturation: 0.55, brightness: 0.92 } }, beside: { code: "1f343" } },
  "tangerine-puer": { ground: "caramel", main: { code: "1fad6", tint: { hue: 25, saturation: 0.62, brightness: 0.8 } }, beside: { code: "1f34a" } },
  "matcha-latte": { ground: "leaf", main: { code: CUP, turn: 6, tint: { hue: 65, saturation: 0.95, brightness: 0.97 } }, beside: { code: "1f33f" } },
  "coconut-latte": { ground: "sand", main: { code: "1f965" }, beside: { code: CUP, size: 0.34, y: 0.73 } },
  "pudding": { ground: "cream", main: { code: "1f36e" } },
  "strawberry-cake": { ground: "rose", main: { code: "1f370" } },
  "croissant": { ground: "caramel", main: { code: "1f950" } },
  "dango": { ground: "mint", main: { code: "1f361" } },
  "longjing-tin": { ground: "leaf", main: { code: "1fad9", tint: { hue: 300, saturation: 0.7 } }, beside: { code: "1f343", size: 0.34 } },

  // 贝贝树母婴
  "formula": { ground: "sky", main: { code: "1f37c", turn: 4 }, beside: { code: "1f42e" } },
  "rice-cereal": { ground: "cream", main: { code: "1f963" }, beside: { code: "1f33e" } },
  "fruit-puree": { ground: "leaf", main: { code: "1f34e" }, beside: { code: "1f34c" } },
  "yogurt-melts": { ground: "lilac", main: { code: "1fad0" }, beside: { code: "1f353" } },
  "diapers": { ground: "sky", main: { code: "1f476" }, beside: { code: "1fa72", size: 0.34 } },
  "pull-ups": { ground: "mint", main: { code: "1fa72" }, beside: { code: "1f430" } },
  "cotton-towel": { ground: "sky", main: { code: "1f9fb" }, beside: { code: "1f4a7", size: 0.26 } },
  "bottle": { ground: "peach", main: { code: "1f37c", turn: -14 }, beside: { code: "2b50", size: 0.26 } },
  "sippy-cup": { ground: "lemon", main: { code: "1f964", tint: { hue: 200 } }, beside: { code: "1f43b" } },
  "baby-wash": { ground: "mint", main: { code: "1f9f4", tint: { hue: 170, saturation: 0.9 } }, beside: { code: "1fae7" } },
  "baby-cream": { ground: "peach", main: { code: "1f9f4" }, beside: { code: "1f33c" } },
  "laundry-soap": { ground: "lilac", main: { code: "1f9fc" }, beside: { code: "1fae7" } },
  "farm-book": { ground: "leaf", main: { code: "1f4d6" }, beside: { code: "1f42e" } },
  "moon-books": { ground: "sky", main: { code: "1f4da" }, beside: { code: "1f319" } },
  "teddy": { ground: "caramel", main: { code: "1f9f8" } },
  "puzzle": { ground: "lemon", main: { code: "1f9e9" } },
  "train": { ground: "mint", main: { code: "1f682" } },
  "dinosaur": { ground: "sand", main: { code: "1f995" } },
  "stroller": { ground: "cream", main: { code: "1f6bc" }, beside: { code: "1f9f8" } },
  "cot": { ground: "lilac", main: { code: "1f6cf-fe0f" }, beside: { code: "1f319", size: 0.26 } },
  "bath-tub": { ground: "sky", main: { code: "1f6c1" }, beside: { code: "1f986" } },
  "baby-shirt": { ground: "rose", main: { code: "1f455", tint: { hue: 250, saturation: 0.6, brightness: 1.08 } }, beside: { code: "1f43b" } },
  "socks": { ground: "lemon", main: { code: "1f9e6" } },

  // 向上课堂
  "piano": { ground: "sky", main: { code: "1f3b9" }, beside: { code: "1f3b5", size: 0.26 } },
  "violin": { ground: "caramel", main: { code: "1f3bb" }, beside: { code: "1f3b6", size: 0.26 } },
  "drums": { ground: "rose", main: { code: "1f941" } },
  "coding": { ground: "sky", main: { code: "1f4bb" }, beside: { code: "1f680" } },
  "robots": { ground: "lilac", main: { code: "1f916" }, beside: { code: "1f4a1", size: 0.26 } },
  "science": { ground: "mint", main: { code: "1f52c" }, beside: { code: "1f9ea" } },
  "chinese-painting": { ground: "sand", main: { code: "1fab7" }, beside: { code: "1f58c-fe0f", size: 0.36, y: 0.7 } },
  "watercolour": { ground: "peach", main: { code: "1f3a8" }, beside: { code: "1f58d-fe0f" } },
  "handwriting": { ground: "cream", main: { code: "1f4dd" }, beside: { code: "1f58b-fe0f" } },
  "swimming": { ground: "sky", main: { code: "1f3ca" } },
  "ballet": { ground: "rose", main: { code: "1fa70" } },
  "taekwondo": { ground: "sand", main: { code: "1f94b" } },
  "chess": { ground: "lemon", main: { code: "265f-fe0f" }, beside: { code: "1f3c6" } },
  "basketball": { ground: "peach", main: { code: "1f3c0" } },
};

/** Banners: the left third stays calm, as a page may set its words there. */
export const BANNERS = {
  qinghe: {
    colours: ["#eef6e4", "#a9cfa4", "#23503a"],
    halo: { x: 0.66, y: 0.45 },
    things: [
      { code: "1f33f", size: 0.34, x: 0.09, y: 0.3, turn: -24 },
      { code: "1f343", size: 0.2, x: 0.26, y: 0.72, turn: 20 },
      { code: "1f96d", size: 0.46, x: 0.47, y: 0.6, stands: true },
      { code: CUP, size: 0.7, x: 0.79, y: 0.48, turn: 8, stands: true, tint: { hue: 65, saturation: 0.95, brightness: 0.97 } },
      { code: CUP, size: 0.82, x: 0.635, y: 0.5, turn: -5, stands: true },
      { code: "1f353", size: 0.32, x: 0.72, y: 0.78, stands: true },
      { code: "1f34b", size: 0.34, x: 0.905, y: 0.74, stands: true },
      { code: "1f9ca", size: 0.2, x: 0.545, y: 0.83, stands: true },
    ],
  },
  beibei: {
    colours: ["#fff6ee", "#f9c8a9", "#a04a2c"],
    halo: { x: 0.66, y: 0.45 },
    things: [
      { code: "1f319", size: 0.26, x: 0.08, y: 0.28 },
      { code: "2601-fe0f", size: 0.3, x: 0.22, y: 0.66 },
      { code: "1f37c", size: 0.66, x: 0.47, y: 0.5, turn: -10, stands: true },
      { code: "1f4da", size: 0.5, x: 0.83, y: 0.52, stands: true },
      { code: "1f9f8", size: 0.8, x: 0.645, y: 0.51, stands: true },
      { code: "1f986", size: 0.32, x: 0.545, y: 0.78, stands: true },
      { code: "1f9e9", size: 0.28, x: 0.755, y: 0.8, stands: true },
      { code: "1f9e6", size: 0.3, x: 0.915, y: 0.77, stands: true },
    ],
  },
  xiangshang: {
    colours: ["#eef6ff", "#a9ccf5", "#23508c"],
    halo: { x: 0.66, y: 0.45 },
    things: [
      { code: "1f3b5", size: 0.24, x: 0.08, y: 0.32 },
      { code: "2b50", size: 0.2, x: 0.24, y: 0.68 },
      { code: "1f3a8", size: 0.5, x: 0.46, y: 0.5, stands: true },
      { code: "1f3bb", size: 0.64, x: 0.81, y: 0.44, stands: true },
      { code: "1f916", size: 0.74, x: 0.635, y: 0.5, stands: true },
      { code: "1f3c0", size: 0.34, x: 0.535, y: 0.77, stands: true },
      { code: "1f393", size: 0.36, x: 0.74, y: 0.79, stands: true },
      { code: "1f680", size: 0.4, x: 0.9, y: 0.66 },
    ],
  },
};

/** Logos, square: the page rounds them. */
export const LOGOS = {
  qinghe: { colours: ["#4c9a72", "#245a41", "#0c2c1e"], things: [{ code: "1f331", size: 0.68, x: 0.5, y: 0.5 }] },
  beibei: { colours: ["#ffc9a6", "#e07a4e", "#6a2410"], things: [{ code: "1f333", size: 0.74, x: 0.5, y: 0.5 }] },
  xiangshang: { colours: ["#7db4f2", "#2a5fae", "#0c2450"], things: [{ code: "1f680", size: 0.7, x: 0.5, y: 0.5 }] },
};

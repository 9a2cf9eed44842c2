// Lends a reader of codes to browsers that have none. The build puts this behind the library's script
// and fills in the hashed name of the library's module, so that nothing comes from anywhere but here.
//
// It is a plain script, because browsers never ask again for a module that once failed to arrive.

{
  const { BarcodeDetector, prepareZXingModule, purgeZXingModule } = BarcodeDetectionAPI;
  const wasm = new URL("{wasm}", document.currentScript.src).href;
  const overrides = { locateFile: () => wasm };

  // Answers a reader of these formats once its module is there.
  globalThis.codeReader = async (formats) => {
    try {
      await prepareZXingModule({ overrides, fireImmediately: true });
    } catch (fault) {
      // The library would answer the same fault for ever.
      purgeZXingModule();
      throw fault;
    }
    return new BarcodeDetector({ formats });
  };
}

/* A CUDA driver without a GPU, for tests of the adapter: memory is the host's, launches are written down, and every
 * function that needs a current context refuses to work without it, as the driver does.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { OUT_OF_MEMORY = 2, INVALID_CONTEXT = 201, NOT_FOUND = 500 };

static char context_object;
static __thread void *stack[8];
static __thread int depth;

int64_t fake_limit = INT64_MAX, fake_allocated, fake_launches, fake_last[3];
static struct { uint64_t pointer; int64_t bytes; } blocks[64];

#define NEED_CONTEXT if (!depth || stack[depth - 1] != &context_object) return INVALID_CONTEXT

int cuInit(unsigned flags) { return flags != 0; }
int cuDriverGetVersion(int *version) { return *version = 13010, 0; }
int cuDeviceGetCount(int *count) { return *count = 1, 0; }
int cuDeviceGet(int *device, int ordinal) { return *device = 40 + ordinal, 0; }
int cuDeviceGetName(char *name, int length, int device) {
  if (device != 40) return 101;
  return strncpy(name, "Fake GPU", (size_t)length), 0;
}
int cuDeviceGetAttribute(int *value, int attribute, int device) {
  if (device != 40) return 101;
  return *value = attribute == 75 ? 9 : attribute == 76 ? 0 : -1, 0;
}
int cuDevicePrimaryCtxRetain(void **context, int device) { return *context = &context_object, device != 40; }
int cuCtxGetCurrent(void **context) { return *context = depth ? stack[depth - 1] : 0, 0; }
int cuCtxPushCurrent_v2(void *context) { return stack[depth++] = context, 0; }
int cuCtxPopCurrent_v2(void **context) {
  if (!depth) return INVALID_CONTEXT;
  return *context = stack[--depth], 0;
}
int fake_depth(void) { return depth; }
int cuGetErrorName(int code, const char **name) {
  return *name = code == OUT_OF_MEMORY ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR_SOMETHING", 0;
}
int cuGetErrorString(int code, const char **text) { return (void)code, *text = "as the fake driver says", 0; }

int cuMemAlloc_v2(uint64_t *pointer, size_t bytes) {
  NEED_CONTEXT;
  if (fake_allocated + (int64_t)bytes > fake_limit) return OUT_OF_MEMORY;
  for (int i = 0; i < 64; i++)
    if (!blocks[i].pointer) {
      *pointer = blocks[i].pointer = (uint64_t)(uintptr_t)calloc(1, bytes);
      fake_allocated += blocks[i].bytes = (int64_t)bytes;
      return 0;
    }
  return OUT_OF_MEMORY;
}
int cuMemFree_v2(uint64_t pointer) {
  NEED_CONTEXT;
  for (int i = 0; i < 64; i++)
    if (blocks[i].pointer == pointer) {
      fake_allocated -= blocks[i].bytes;
      blocks[i].pointer = 0;
      free((void *)(uintptr_t)pointer);
      return 0;
    }
  return 1;
}
int cuMemcpyHtoDAsync_v2(uint64_t target, const void *source, size_t bytes, void *stream) {
  NEED_CONTEXT;
  return memcpy((void *)(uintptr_t)target, source, bytes), stream != 0;
}
int cuMemcpyDtoHAsync_v2(void *target, uint64_t source, size_t bytes, void *stream) {
  NEED_CONTEXT;
  return memcpy(target, (void *)(uintptr_t)source, bytes), stream != 0;
}
int cuMemcpyDtoDAsync_v2(uint64_t target, uint64_t source, size_t bytes, void *stream) {
  NEED_CONTEXT;
  return memcpy((void *)(uintptr_t)target, (void *)(uintptr_t)source, bytes), stream != 0;
}
int cuStreamSynchronize(void *stream) {
  NEED_CONTEXT;
  return stream != 0;
}

/* A module is a cubin, a function the place of its name in there. */
int cuModuleLoadData(void **module, const void *image) {
  NEED_CONTEXT;
  if (memcmp(image, "\x7f" "ELF", 4)) return 200;
  uint64_t sections = *(const uint64_t *)((const char *)image + 40);
  uint16_t section_bytes = *(const uint16_t *)((const char *)image + 58), count = *(const uint16_t *)((const char *)image + 60);
  size_t bytes = sections + (size_t)section_bytes * count;
  size_t *kept = malloc(sizeof *kept + bytes);
  *kept = bytes;
  memcpy(kept + 1, image, bytes);
  return *module = kept, 0;
}
int cuModuleGetFunction(void **function, void *module, const char *name) {
  NEED_CONTEXT;
  size_t bytes = *(size_t *)module, length = strlen(name);
  char *text = (char *)((size_t *)module + 1);
  for (size_t i = 1; i + length < bytes; i++)
    if (!text[i - 1] && !memcmp(text + i, name, length) && !text[i + length]) return *function = text + i, 0;
  return NOT_FOUND;
}
/* Every kernel of the fake adds its second argument, an int, to the first element of its first, a buffer. */
int cuLaunchKernel(void *kernel, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                   unsigned shared, void *stream, void **values, void **extra) {
  NEED_CONTEXT;
  if (!kernel || gy != 1 || gz != 1 || by != 1 || bz != 1 || shared || stream || extra) return 1;
  fake_launches++;
  fake_last[0] = gx;
  fake_last[1] = bx;
  int *first = *(int **)values[0];
  *first += *(int *)values[1];
  return 0;
}

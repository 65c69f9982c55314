// SPDX-License-Identifier: Apache-2.0
#include "emit/x64/host_features.h"

namespace kelvin::x64 {

HostFeatures HostFeatures::detect() {
    HostFeatures features;
    features.avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512cd");
    features.avx512_bitalg = features.avx512 && __builtin_cpu_supports("avx512bitalg");
    features.gfni = __builtin_cpu_supports("gfni");
    features.aes = __builtin_cpu_supports("aes");
    features.pclmul = __builtin_cpu_supports("pclmul");
    features.sha = __builtin_cpu_supports("sha");
    return features;
}

}  // namespace kelvin::x64

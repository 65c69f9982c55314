// SPDX-License-Identifier: Apache-2.0
#include "vm/host_memory.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <array>
#include <charconv>

#include "base/fd.h"
#include "firmware/input_file.h"

namespace kelvin::vm {

namespace {

/// The number behind "Key:", which counts KiB; 0 if it is not there.
u64 field(std::string_view text, std::string_view key) {
    const std::size_t at = text.find(key);
    if (at == std::string_view::npos) {
        return 0;
    }
    text.remove_prefix(at + key.size());
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    u64 kib = 0;
    std::from_chars(text.data(), text.data() + text.size(), kib);
    return kib << 10;
}

}  // namespace

HostMemory parse_host_memory(std::string_view meminfo) {
    return {field(meminfo, "MemAvailable:"), field(meminfo, "MemTotal:") + field(meminfo, "SwapTotal:")};
}

HostMemory read_host_memory() {
    const Fd file(::open("/proc/meminfo", O_RDONLY | O_CLOEXEC));
    std::array<char, 4096> text{};
    const ssize_t size = file ? ::read(file.get(), text.data(), text.size()) : 0;
    return parse_host_memory({text.data(), size > 0 ? static_cast<std::size_t>(size) : 0});
}

Result<> check_ram_size(u64 wanted, const HostMemory& host) {
    if (host.total == 0 || wanted <= host.total) {
        return ok();
    }
    return user_error(
        fmt::format("the host has {} of memory, {} of it free; {} were asked for", firmware::format_size(host.total),
                    firmware::format_size(host.available), firmware::format_size(wanted)),
        "give the machine less memory: -m");
}

}  // namespace kelvin::vm

// SPDX-License-Identifier: Apache-2.0
#include "firmware/device_tree.h"

#include <fmt/format.h>
#include <libfdt.h>

#include <array>

namespace kelvin::firmware {

namespace {

constexpr std::size_t kFirstSize = 64 * 1024;
constexpr std::size_t kLargest = 16 * 1024 * 1024;

Error broken(const std::string& name, int failure) {
    return user_error(fmt::format("{} is not a usable device tree blob: {}", name, fdt_strerror(failure)),
                      "compile it with dtc -O dtb, or leave -dtb out to have one made");
}

void append_cell(std::vector<u8>& bytes, u32 value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        bytes.push_back(static_cast<u8>(value >> shift));
    }
}

}  // namespace

DeviceTree::DeviceTree() : blob_(kFirstSize) {
    failure_ = fdt_create(blob_.data(), static_cast<int>(blob_.size()));
    write([](void* fdt) { return fdt_finish_reservemap(fdt); });
    write([](void* fdt) { return fdt_begin_node(fdt, ""); });
}

/// Runs one step of libfdt, with a larger buffer if the step needs one.
template <class Step>
void DeviceTree::write(Step step) {
    while (failure_ == 0) {
        failure_ = step(static_cast<void*>(blob_.data()));
        if (failure_ != -FDT_ERR_NOSPACE || blob_.size() >= kLargest) {
            return;
        }
        std::vector<u8> larger(blob_.size() * 2);
        failure_ = fdt_resize(blob_.data(), larger.data(), static_cast<int>(larger.size()));
        blob_.swap(larger);
    }
}

DeviceTree::Node DeviceTree::node(std::string_view name) {
    write([text = std::string(name)](void* fdt) { return fdt_begin_node(fdt, text.c_str()); });
    return Node(*this);
}

void DeviceTree::end_node() {
    write([](void* fdt) { return fdt_end_node(fdt); });
}

void DeviceTree::bytes(std::string_view name, std::span<const u8> value) {
    write([text = std::string(name), value](void* fdt) {
        return fdt_property(fdt, text.c_str(), value.data(), static_cast<int>(value.size()));
    });
}

void DeviceTree::string(std::string_view name, std::string_view value) {
    strings(name, {value});
}

void DeviceTree::strings(std::string_view name, std::initializer_list<std::string_view> values) {
    std::vector<u8> joined;
    for (const std::string_view value : values) {
        joined.insert(joined.end(), value.begin(), value.end());
        joined.push_back(0);
    }
    bytes(name, joined);
}

void DeviceTree::cells(std::string_view name, std::span<const u32> values) {
    std::vector<u8> joined;
    for (const u32 value : values) {
        append_cell(joined, value);
    }
    bytes(name, joined);
}

void DeviceTree::cells(std::string_view name, std::initializer_list<u32> values) {
    cells(name, std::span<const u32>(values.begin(), values.size()));
}

void DeviceTree::u64s(std::string_view name, std::initializer_list<u64> values) {
    std::vector<u32> halves;
    for (const u64 value : values) {
        halves.insert(halves.end(), {hi(value), lo(value)});
    }
    cells(name, halves);
}

Result<std::vector<u8>> DeviceTree::finish() {
    end_node();
    write([](void* fdt) { return fdt_finish(fdt); });
    if (failure_ != 0) {
        return user_error(fmt::format("the device tree cannot be written: {}", fdt_strerror(failure_)),
                          "is the kernel command line longer than a few MiB?");
    }
    blob_.resize(static_cast<std::size_t>(fdt_totalsize(blob_.data())));
    return std::move(blob_);
}

namespace {

/// The node /`name`, added if it is missing; negative: libfdt's error.
int find_or_add(void* fdt, const char* name) {
    const int node = fdt_subnode_offset(fdt, 0, name);
    return node == -FDT_ERR_NOTFOUND ? fdt_add_subnode(fdt, 0, name) : node;
}

int set_string(void* fdt, int node, const char* name, const std::string& value) {
    return fdt_setprop(fdt, node, name, value.c_str(), static_cast<int>(value.size() + 1));
}

int fill_chosen(void* fdt, const ChosenProperties& chosen) {
    const int node = find_or_add(fdt, "chosen");
    if (node < 0) {
        return node;
    }
    int failure = 0;
    if (chosen.bootargs) {
        failure = set_string(fdt, node, "bootargs", *chosen.bootargs);
    }
    if (failure == 0 && chosen.initrd_end != 0) {
        failure = fdt_setprop_u64(fdt, node, "linux,initrd-start", chosen.initrd_start);
    }
    if (failure == 0 && chosen.initrd_end != 0) {
        failure = fdt_setprop_u64(fdt, node, "linux,initrd-end", chosen.initrd_end);
    }
    return failure;
}

/// Replaces every memory node by one for the RAM that there is: the blob's author could not know it.
int fill_memory(void* fdt, const ChosenProperties& chosen) {
    int node = fdt_node_offset_by_prop_value(fdt, -1, "device_type", "memory", sizeof "memory");
    while (node >= 0) {
        if (const int failure = fdt_del_node(fdt, node); failure != 0) {
            return failure;
        }
        node = fdt_node_offset_by_prop_value(fdt, -1, "device_type", "memory", sizeof "memory");
    }
    const int address_cells = fdt_address_cells(fdt, 0);
    const int size_cells = fdt_size_cells(fdt, 0);
    if (address_cells != 2 || size_cells < 1 || size_cells > 2 || (size_cells == 1 && hi(chosen.memory_size) != 0)) {
        return -FDT_ERR_BADNCELLS;
    }
    const int memory = fdt_add_subnode(fdt, 0, fmt::format("memory@{:x}", chosen.memory_base).c_str());
    if (memory < 0) {
        return memory;
    }
    std::vector<u8> reg;
    append_cell(reg, hi(chosen.memory_base));
    append_cell(reg, lo(chosen.memory_base));
    if (size_cells == 2) {
        append_cell(reg, hi(chosen.memory_size));
    }
    append_cell(reg, lo(chosen.memory_size));
    const int failure = fdt_setprop(fdt, memory, "reg", reg.data(), static_cast<int>(reg.size()));
    return failure != 0 ? failure : set_string(fdt, memory, "device_type", "memory");
}

}  // namespace

Result<std::vector<u8>> load_device_tree(const std::string& path, const ChosenProperties& chosen) {
    const InputFile file = KELVIN_TRY(InputFile::open("device tree", path));
    if (file.size() > kLargest) {
        return user_error(fmt::format("{} has {}; a device tree has at most {}", file.name(), format_size(file.size()),
                                      format_size(kLargest)));
    }
    std::vector<u8> content(file.size());
    KELVIN_TRY(file.read(0, content));
    if (const int failure = fdt_check_full(content.data(), content.size()); failure != 0) {
        return broken(file.name(), failure);
    }
    const std::size_t added = 4096 + (chosen.bootargs ? chosen.bootargs->size() : 0);
    std::vector<u8> blob(content.size() + added);
    int failure = fdt_open_into(content.data(), blob.data(), static_cast<int>(blob.size()));
    if (failure == 0) {
        failure = fill_chosen(blob.data(), chosen);
    }
    if (failure == 0) {
        failure = fill_memory(blob.data(), chosen);
    }
    if (failure == 0) {
        failure = fdt_pack(blob.data());
    }
    if (failure != 0) {
        return broken(file.name(), failure);
    }
    blob.resize(static_cast<std::size_t>(fdt_totalsize(blob.data())));
    return blob;
}

}  // namespace kelvin::firmware

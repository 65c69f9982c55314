// SPDX-License-Identifier: Apache-2.0
// kelvin-img: makes, examines and changes disk images, with the verbs of qemu-img.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "backend/block/chain/open_image.h"
#include "backend/block/qcow2/create.h"
#include "base/result.h"

namespace kelvin::control::image {

/// A verb's options and operands.
struct Arguments {
    std::map<std::string, std::vector<std::string>> options;  ///< by the short letter, or the long name
    std::vector<std::string> operands;

    bool has(const std::string& name) const { return options.contains(name); }
    /// The last value given; empty if none was.
    std::string value(const std::string& name) const;
};

/// `with_value`: letters of the options that take one; `flags`: of those which do not. Long names are in `kLongNames`.
Result<Arguments> parse_arguments(const std::vector<std::string_view>& words, std::string_view with_value,
                                  std::string_view flags);

/// Runs `kelvin-img VERB ...` and answers the exit status: 0, or what qemu-img would say.
int run(const std::vector<std::string_view>& words);

Result<block::Format> named_format(const std::string& name);
/// By the option `letter`; empty if it is not given.
Result<std::optional<block::Format>> format_option(const Arguments& arguments, const std::string& letter);
Result<block::OpenedImage> open(block::IoContext& io, const std::string& path, std::optional<block::Format> format,
                                bool writes, bool share = false);
/// What `operation` did to the image, as a Result.
Result<> outcome(int error, const std::string& doing);

Result<int> amend(block::IoContext& io, const Arguments& arguments);
Result<int> check(block::IoContext& io, const Arguments& arguments);
Result<int> create(block::IoContext& io, const Arguments& arguments);
Result<int> info(block::IoContext& io, const Arguments& arguments);
Result<int> convert(block::IoContext& io, const Arguments& arguments);
Result<int> compare(block::IoContext& io, const Arguments& arguments);
Result<int> resize(block::IoContext& io, const Arguments& arguments);
Result<int> snapshot(block::IoContext& io, const Arguments& arguments);
Result<int> rebase(block::IoContext& io, const Arguments& arguments);
Result<int> commit(block::IoContext& io, const Arguments& arguments);
Result<int> dd(block::IoContext& io, const Arguments& arguments);
Result<int> measure(block::IoContext& io, const Arguments& arguments);
Result<int> map(block::IoContext& io, const Arguments& arguments);

/// Makes an image file of `format` with the options of -o.
Result<block::OpenedImage> create_image(block::IoContext& io, const std::string& path, block::Format format, u64 size,
                                        const std::vector<std::string>& option_texts, const std::string& backing,
                                        const std::string& backing_format, bool unsafe);

/// Those of -o, for an image of `size` bytes.
Result<block::qcow2::CreateOptions> read_qcow2_options(const std::vector<std::string>& texts, u64 size);

}  // namespace kelvin::control::image

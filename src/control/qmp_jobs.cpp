// SPDX-License-Identifier: Apache-2.0
// QMP: jobs. There is one kind of them: images that are made.
#include <array>
#include <bit>

#include "backend/block/qcow2/create.h"
#include "control/qmp_command.h"

namespace kelvin::control {

namespace {

using state::Json;

struct NewImage {
    std::string driver;
    std::string file;
    state::Size size;
    std::string version = "v3";
    std::string backing_file;
    std::string backing_format;
    state::Size cluster_size{65536};
    u32 refcount_bits = 16;
    bool lazy_refcounts = false;
    bool extended_l2 = false;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("driver", driver, "qcow2");
        visit("file", file, "the node that it is made in");
        visit("size", size, "of the disk");
        visit("version", version, "v2 or v3");
        visit("backing-file", backing_file, "what is behind it");
        visit("backing-fmt", backing_format, "the format of that");
        visit("cluster-size", cluster_size, "512 to 2M");
        visit("refcount-bits", refcount_bits, "1 to 64");
        visit("lazy-refcounts", lazy_refcounts, "refcounts may be written late");
        visit("extended-l2", extended_l2, "parts of clusters are allocated");
    }
};

Result<block::qcow2::CreateOptions> read(const NewImage& given) {
    if (given.driver != "qcow2") {
        return user_error("driver '" + given.driver + "' makes no images", "driver qcow2 does");
    }
    if (given.version != "v2" && given.version != "v3") {
        return user_error("version '" + given.version + "' is neither v2 nor v3");
    }
    if (!std::has_single_bit(given.cluster_size.bytes) || !std::has_single_bit(given.refcount_bits)) {
        return user_error("cluster-size and refcount-bits are powers of two");
    }
    block::qcow2::CreateOptions options;
    options.size = given.size.bytes;
    options.version = given.version == "v2" ? 2 : 3;
    options.cluster_bits = static_cast<unsigned>(std::countr_zero(given.cluster_size.bytes));
    options.refcount_order = static_cast<unsigned>(std::countr_zero(given.refcount_bits));
    options.lazy_refcounts = given.lazy_refcounts;
    options.extended_l2 = given.extended_l2;
    options.backing_name = given.backing_file;
    options.backing_format = given.backing_format;
    return options;
}

struct Creation {
    std::string job;
    Json options;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("job-id", job, "the job's name");
        visit("options", options, "the image");
    }
};

/// What is wrong with the image is the job's error.
Result<> create_image(QmpContext& context, const Creation& creation) {
    vm::Vm& vm = context.target.vm();
    NewImage image;
    KELVIN_TRY(state::read_options("options", creation.options, image));
    const block::qcow2::CreateOptions options = KELVIN_TRY(read(image));
    return vm.jobs().run(creation.job, "create", [&] { return vm.drives().create_image(image.file, options); });
}

struct JobName {
    std::string id;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("id", id, "the job's name");
    }
};

Result<> dismiss(QmpContext& context, const JobName& name) {
    return context.target.vm().jobs().dismiss(name.id);
}

Result<Json> query_jobs(QmpContext& context, const QmpNothing&) {
    return context.target.vm().jobs().query();
}

/// Those would be of blocks that are copied while the machine runs.
Result<Json> query_block_jobs(QmpContext&, const QmpNothing&) {
    return Json::array();
}

constexpr auto kCommands = std::to_array<QmpCommand>({
    qmp_command<create_image>("blockdev-create", "job-id options "),
    qmp_command<dismiss>("job-dismiss", "id "),
    qmp_command<query_block_jobs>("query-block-jobs"),
    qmp_command<query_jobs>("query-jobs"),
});

}  // namespace

std::span<const QmpCommand> qmp_job_commands() {
    return kCommands;
}

}  // namespace kelvin::control

"""What is done with a network in lanes: train it, predict with it, differentiate it."""

import math

from study.common import task
from study.engines.lanes.decisions import Decisions
from study.engines.lanes.graph.network import InLanes, Sizes
from study.engines.lanes.losses import Loss, loss_of
from study.engines.lanes.memory import (
    Array,
    Masks,
    Variable,
    array,
    gather,
    load_words,
    same,
    same_words,
    scratch,
    store_words,
)
from study.engines.lanes.tracing import (
    Index,
    Place,
    Trace,
    active_trace,
    integer,
    loop,
    minimum,
    tracing,
    whole,
)
from study.engines.lanes.vectors import Vector, of_index, select, splat, square_root

# torch.optim.Adam's.
FIRST_DECAY, SECOND_DECAY, _EPSILON = 0.9, 0.999, 1e-8


_TRAINING = (
    "weights",
    "first",
    "second",
    "table",
    "targets",
    "row_of",
    "label_of",
    "positions",
    "thresholds",
    "streams",
    "masks",
    "corrections",
    "losses",
    "input_gradients",
)
_WEIGHTED = ("row_weights", "row_scales")
_STOPPING = ("held_row_of", "held_label_of", "progress", "kept")


def training(
    sizes: Sizes,
    inputs: int,
    lanes: int,
    kind: task.Loss = "squared error",
    weighted: bool = False,
    *,
    stopping: bool = False,
) -> Trace:
    """Epochs of Adam on the mean loss of mini-batches; a last, partial one is used too.

    The loss is of that kind; if `weighted`, each row's is multiplied.

    Arrays
    ------
    weights, first, second : (parameters, lanes) and Adam's two moments, all changed
    table, targets : (rows, features) and (rows,)
    row_of, label_of : int64 (epochs, rows, lanes), the row whose inputs, and the row whose
        target, each lane meets at each place of an epoch
    positions : (rows of a batch, tokens, width)
    thresholds : uint16 (decisions of a full batch + of a partial one,) for dropout
    streams : uint64 (4, lanes), the state of each lane's SFC64, moved on
    masks : room for the decisions of a step, one bit a lane
    corrections : (steps, 2), for each step its size and what the root of the second moment is
        divided by
    losses : (epochs, lanes), sum of the losses of the mini-batches
    input_gradients : (epochs + 1, rows of a batch, features, lanes), of the loss of each
        epoch's last full batch; the last one is room for partial batches

    Integers
    --------
    epochs, rows : number of epochs, and of rows in each
    size : rows of a full batch

    If `weighted`, row_weights (rows of the table,) and row_scales (1, lanes), the two factors;
    if `stopping`, what `keep_the_best` takes, too.
    """
    pointers = (*_TRAINING, *(_WEIGHTED * weighted), *(_STOPPING * stopping))
    integers = ("epochs", "rows", "size", *(("held_out", "patience") * stopping))
    with tracing(lanes, pointers, integers) as trace:
        net = InLanes(sizes)
        parameters = sum(math.prod(shape) for _, shape in sizes.shapes)
        weights, gradients = array("weights", parameters), scratch(parameters)
        x, losses, masks = scratch(inputs), array("losses", 1), Masks("masks")
        y, d_y = scratch(sizes.outputs), scratch(sizes.outputs)
        loss = loss_of(sizes.outputs, kind)
        epochs, rows, size = integer("epochs"), integer("rows"), integer("size")
        batches = (rows + size - 1) // size
        for epoch in loop(epochs, "epoch"):
            losses[epoch] = splat(0.0)
            for batch in loop(batches, "batch"):
                start = batch * size
                count = minimum(size, rows - start)
                partial = (start + size - 1) // rows  # 1 in a partial batch, else 0
                draw(masks, count * net.decisions, partial * size * net.decisions)
                for parameter in loop(parameters):
                    gradients[parameter] = splat(0.0)
                total = Variable(0.0)
                for row in loop(count, "row"):
                    place = epoch * rows + start + row
                    for column in loop(inputs):
                        x[column] = gather("table", inputs, "row_of", place, column)
                    target = gather("targets", 1, "label_of", place, 0)
                    decisions = Decisions(masks, count, row)
                    net.forward(weights, x, y, row, decisions)
                    weight = row_weight("row_of", place) if weighted else None
                    total += share_of_loss(loss(y, target, d_y), d_y, count, weight)
                    kept = epoch + partial * (epochs - epoch)
                    d_x = array("input_gradients", 1, inputs).at(kept * size + row)
                    net.backward(weights, gradients, x, d_y, d_x, decisions)
                losses[epoch] = losses[epoch] + total.get() / of_index(count)
                adam(weights, gradients, epoch * batches + batch)
            if stopping:
                keep_the_best(net, weights, x, (y, d_y), loss, weighted=weighted)
    return trace


def row_weight(rows: str, place: Place) -> Vector:
    """What the loss of a row is multiplied by; `rows` as for `gather`."""
    return gather("row_weights", 1, rows, place, 0) * array("row_scales", 1)[0]


def share_of_loss(loss: Vector, d_y: Array, count: Index, weight: Vector | None) -> Vector:
    """The loss of a row times its weight; d_y becomes its part in the mean over `count` rows."""
    for output in loop(len(d_y)):
        slope = d_y[output] if weight is None else d_y[output] * weight
        d_y[output] = slope / of_index(count)
    return loss if weight is None else loss * weight


def training_with_stopping(
    sizes: Sizes,
    inputs: int,
    lanes: int,
    kind: task.Loss = "squared error",
    weighted: bool = False,
) -> Trace:
    """The same as `training`, with the best weights on validation rows kept."""
    return training(sizes, inputs, lanes, kind, weighted, stopping=True)


def keep_the_best(
    net: InLanes,
    weights: Array,
    x: Array,
    outputs: tuple[Array, Array],
    loss: Loss,
    *,
    weighted: bool,
) -> None:
    """After an epoch, keep the weights of the lanes whose validation error is their least so far.

    That is the sum of the rows' losses. There is room in x and, for a row's outputs and their
    gradients, in `outputs`.

    A lane stops when it has waited in vain for as many epochs as its patience, or its error is
    not finite. It is trained on beside the others, and nothing comes of it.

    Arrays
    ------
    held_row_of, held_label_of : int64 (validation rows, lanes), the row whose inputs, and the row
        whose target, each lane has there
    progress : (3, lanes), the least error, for how many epochs no other was less
        (of a lane that has stopped, its patience), and how many were trained; changed
    kept : (parameters, lanes), the weights of the epoch with the least error; changed

    Integers
    --------
    held_out : number of validation rows
    patience
    """
    rows, inputs, progress = integer("held_out"), len(x), array("progress", 3)
    y, d_y = outputs
    total = Variable(0.0)
    for row in loop(rows, "row"):
        for column in loop(inputs):
            x[column] = gather("table", inputs, "held_row_of", row, column)
        target = gather("targets", 1, "held_label_of", row, 0)
        net.forward(weights, x, y, 0, None)
        of_row = loss(y, target, d_y)
        total += of_row * row_weight("held_row_of", row) if weighted else of_row
    patience = of_index(integer("patience"))
    least, waited, trained = progress[0], progress[1], progress[2]
    error = select(waited < patience, total.get(), math.inf)
    better, going_on = error < least, error < math.inf
    progress[0] = select(better, error, least)
    progress[1] = select(better, 0.0, select(going_on, waited + 1.0, patience))
    progress[2] = select(going_on, trained + 1.0, trained)
    kept = array("kept", len(weights))
    for parameter in loop(len(weights)):
        kept[parameter] = select(better, weights[parameter], kept[parameter])


def draw(masks: Masks, decisions: Place, first: Place) -> None:
    """Draw a step's dropout decisions from each lane's SFC64, as `streams.keep_bits` does.

    Their thresholds begin at number `first`.

    SFC64 is Chris Doty-Humphrey's small fast generator, in the form of NumPy.
    """
    for word in loop((decisions + 3) // 4, "word"):
        a, b, c, counter = (load_words("streams", place) for place in range(4))
        drawn = a + b + counter
        store_words("streams", 0, b ^ (b >> 11))
        store_words("streams", 1, c + (c << 3))
        store_words("streams", 2, ((c << 24) | (c >> 40)) + drawn)
        store_words("streams", 3, counter + 1)
        for part in range(4):
            decision = word * 4 + part
            threshold = same_words("thresholds", first + decision) << (16 * part)
            masks[decision] = (drawn & (0xFFFF << (16 * part))) >= threshold


def adam(weights: Array, gradients: Array, step: Place) -> None:
    """One step of Adam (Kingma and Ba, 2015), as torch.optim.Adam does it."""
    size, root = same("corrections", step * 2), same("corrections", step * 2 + 1)
    first, second = array("first", len(weights)), array("second", len(weights))
    for place in loop(len(weights)):
        gradient = gradients[place]
        first[place] = first[place] + (gradient - first[place]) * (1 - FIRST_DECAY)
        second[place] = second[place] * SECOND_DECAY + gradient * gradient * (1 - SECOND_DECAY)
        change = first[place] / (square_root(second[place]) / root + _EPSILON)
        weights[place] = weights[place] - size * change


def prediction(sizes: Sizes, inputs: int, lanes: int) -> Trace:
    """Predict each row.

    Arrays
    ------
    weights : (parameters, lanes)
    table : (rows, features), or (rows, features, lanes) of tables that are each lane's own
    positions : (rows, tokens, width)
    predictions : (rows, outputs, lanes), the result

    Integers
    --------
    rows
    stride : 1 where row i stands at place i of one batch, 0 where each is alone, at place 0
    own : 1 where each lane has a table of its own, else 0
    """
    pointers = ("weights", "table", "positions", "predictions")
    with tracing(lanes, pointers, ("rows", "stride", "own")) as trace:
        net = InLanes(sizes)
        x = scratch(inputs)
        weights = array("weights", 1)
        for row in loop(integer("rows"), "row"):
            read_row(x, row)
            y = array("predictions", 1, sizes.outputs).at(row)
            net.forward(weights, x, y, row * integer("stride"), None)
    return trace


def differentiation(sizes: Sizes, inputs: int, lanes: int) -> Trace:
    """The gradients of each row's outputs, the row alone; of several, each less their mean.

    Arrays
    ------
    weights, table, positions : as for `prediction`
    input_gradients : (rows, outputs, features, lanes), the result

    Integers
    --------
    rows, own
    """
    pointers = ("weights", "table", "positions", "input_gradients")
    with tracing(lanes, pointers, ("rows", "own")) as trace:
        net = InLanes(sizes)
        x, weights, outputs = scratch(inputs), array("weights", 1), sizes.outputs
        y, d_y = scratch(outputs), scratch(outputs)
        mean = 1 / outputs if outputs > 1 else 0.0
        for row in loop(integer("rows"), "row"):
            read_row(x, row)
            for output in loop(outputs):
                # Each time, as the way back leaves little of it.
                net.forward(weights, x, y, 0, None)
                for other in loop(outputs):
                    d_y[other] = splat(-mean)
                d_y[output] = splat(1.0 - mean)
                d_x = array("input_gradients", 1, outputs, inputs).at(row, output)
                net.backward(weights, None, x, d_y, d_x, None)
    return trace


def read_row(x: Array, row: Place) -> None:
    """Put one row of the table, or of each lane's own, where the network finds it.

    One kernel does both, as it takes long to compile and the choice no time.
    """
    inputs, own = len(x), array("table", 1, len(x))
    builder = active_trace.get().builder
    chosen = builder.icmp_unsigned("!=", integer("own").value, whole(0))
    with builder.if_else(chosen) as (each, all_alike):
        with each:
            for column in loop(inputs):
                x[column] = own[row, column]
        with all_alike:
            for column in loop(inputs):
                x[column] = same("table", row * inputs + column)

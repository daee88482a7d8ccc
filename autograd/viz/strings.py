"""Every sentence of the explaining pages, in English and in Chinese; the scripts read the same table."""

STRINGS: dict[str, dict[str, str]] = {
    "en": {
        "language": "English",
        "title": "{root}, step by step",
        "forward": "forward",
        "backward": "backward",
        "step": "step {i} of {n}",
        "compute": "Forward: {z} is computed from its operands.",
        "start": "Backward starts at the end: when {root} grows by 1, {root} grows by 1.",
        "edge": "Backward: along the edge from {z} to its operand {x}.",
        "edge_of": "Backward: along the edge from {z} to its operand number {k}, {x}.",
        "local": "local derivative: when {x} grows by a little, {z} grows by this many times as much",
        "upstream": "gradient from above: what a little more {z} does to {root}; it is finished",
        "contribution": "chain rule: this edge contributes the product of the two",
        "sum": "running sum: {k} of {n} contributions to the gradient of {x}",
        "finished": "The gradient of {x} is finished.",
        "waiting": "The gradient of {x} still waits for {m} more.",
        "unused": "{root} does not depend on anything: there is nothing to step through.",
        "too_large": "This graph has {nodes} nodes; a sheet shows at most {limit}. Step through a smaller expression,"
        " look at draw(v, collapse=...), or read the steps as text: iterate over step_through(v).",
        "more": "... {m} more steps: iterate over the stepper to see them",
        "first": "first step",
        "previous": "previous step",
        "play": "play",
        "pause": "pause",
        "next": "next step",
        "last": "last step",
        "slider": "step",
        "keys": "Keys: ← → one step, Home and End the ends, space plays. Click a node to see its gradient finished,"
        " an edge to see where its number comes from.",
        "sheet": "All numbers",
        "name": "name",
        "made": "how it is made",
        "data": "value",
        "gradient": "gradient of {root}",
        "unknown": "not yet",
        "what_if": "What if? Change the value of a leaf: everything is computed again.",
        "reset": "original values",
        "not_a_number": "{text} is not a number",
        "no_javascript": "What-if is off: the browser does not know {op}. Register it with composite=True, written"
        " with operations of autograd.",
        "steps_as_text": "The {n} steps as text",
        "drawing": "The computation graph of {root}",
        "fit": "whole drawing",
        "film_title": "A film of training",
        "loss_curve": "Loss",
        "answers": "What the model answers",
        "gradients": "Gradients of the parameters, by layer",
        "activations": "Outputs, by layer",
        "sample_graph": "The graph of one sample's loss",
        "bars": "A bar is as high as the square root of its count, so that single numbers stay visible.",
        "frames_as_text": "The {n} frames as text",
        "unit_epoch": "epoch",
        "unit_iteration": "iteration",
    },
    "zh": {
        "language": "中文",
        "title": "{root}：一步一步看",
        "forward": "前向",
        "backward": "反向",
        "step": "第 {i} 步，共 {n} 步",
        "compute": "前向：由操作数算出 {z}。",
        "start": "反向从终点开始：{root} 增加 1，{root} 自己就增加 1。",
        "edge": "反向：沿着从 {z} 到操作数 {x} 的边。",
        "edge_of": "反向：沿着从 {z} 到第 {k} 个操作数 {x} 的边。",
        "local": "局部导数：{x} 增加一点点时，{z} 增加的倍数",
        "upstream": "上游梯度：{z} 增加一点点对 {root} 的影响，已经算完",
        "contribution": "链式法则：这条边的贡献是两者的乘积",
        "sum": "累加：{x} 的梯度已收到 {k} 份贡献，共 {n} 份",
        "finished": "{x} 的梯度已经算完。",
        "waiting": "{x} 的梯度还要等 {m} 份贡献。",
        "unused": "{root} 不依赖任何数：没有可看的步骤。",
        "too_large": "这个图有 {nodes} 个节点，一页最多显示 {limit} 个。请看较小的表达式，或用 draw(v, collapse=...)，"
        "或以文字逐步查看：对 step_through(v) 循环。",
        "more": "…… 还有 {m} 步：对 stepper 循环即可看到",
        "first": "第一步",
        "previous": "上一步",
        "play": "播放",
        "pause": "暂停",
        "next": "下一步",
        "last": "最后一步",
        "slider": "步骤",
        "keys": "按键：← → 走一步，Home 和 End 到两端，空格播放。"
        "点击节点，看它的梯度何时算完；点击边，看它的数从何而来。",
        "sheet": "全部数字",
        "name": "名称",
        "made": "怎样得到",
        "data": "数值",
        "gradient": "{root} 的梯度",
        "unknown": "尚未",
        "what_if": "如果……会怎样？改变一个叶子的数值，全部重新计算。",
        "reset": "恢复原值",
        "not_a_number": "{text} 不是数",
        "no_javascript": "无法使用“如果”：浏览器不认识 {op}。请用 autograd 的运算写它，并以 composite=True 注册。",
        "steps_as_text": "以文字列出 {n} 步",
        "drawing": "{root} 的计算图",
        "fit": "显示全图",
        "film_title": "训练的影片",
        "loss_curve": "损失",
        "answers": "模型的回答",
        "gradients": "各层参数的梯度",
        "activations": "各层的输出",
        "sample_graph": "一个样本的损失的计算图",
        "bars": "条的高度是个数的平方根，这样单个的数也看得见。",
        "frames_as_text": "以文字列出 {n} 帧",
        "unit_epoch": "轮次",
        "unit_iteration": "迭代",
    },
}


def phrases(language: str) -> dict[str, str]:
    """The sentences in one language.

    Raises ValueError for a language that has none.

    >>> phrases("zh")["step"].format(i=1, n=2)
    '第 1 步，共 2 步'
    """
    if language not in STRINGS:
        raise ValueError(f"there is no language {language!r}: choose one of {', '.join(map(repr, STRINGS))}")
    return STRINGS[language]

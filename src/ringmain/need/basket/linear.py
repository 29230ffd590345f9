"""Items from items: a linear model without hidden layer whose solution is closed.

Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019, equation 8, over the items most bought.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array

Floats32 = NDArray[np.float32]


def item_weights(vectors: csr_array, ridge: float) -> Floats32:
    """Return the weights (items, items), diagonal zero, that predict each item of a person from the others.

    `vectors` (persons, items); the cost grows with the cube of the items.
    """
    gram = (vectors.T @ vectors).toarray().astype(np.float32)
    gram[np.diag_indices_from(gram)] += ridge
    inverse = cho_solve(cho_factor(gram, overwrite_a=True, check_finite=False), np.eye(len(gram), dtype=np.float32))
    weights = -inverse / np.diag(inverse)
    weights[np.diag_indices_from(weights)] = 0
    return weights.astype(np.float32)
